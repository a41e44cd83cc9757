"""The environment that has no file: a module of its own, because every command asks for it before anything else."""

DEFAULT_ENVIRONMENT = "default"
"""What the documents say as they stand; each other environment has a file that says how it differs."""
