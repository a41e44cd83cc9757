"""The model server, a process of its own: ASGI apps, batching, releases beside each other. No plan, no provider and no cloud."""
