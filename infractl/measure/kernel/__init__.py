"""Small models of one operator, or of a chain of it, in many sizes, and how they are timed. No models that people serve."""
