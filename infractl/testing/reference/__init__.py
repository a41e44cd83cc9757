"""The reference provider: objects in the memory of a process of its own, which outlives its clients and logs what it does."""
