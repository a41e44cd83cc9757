"""The model server, a process of its own: HTTP, batching, releases beside each other. No plan, no provider and no cloud."""
