"""How fast a language model answers: memory, the time of a step, the queue of prompts. Pure; what is fitted is in `fitted`."""
