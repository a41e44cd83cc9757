"""The plugin contract: what a provider is, what its kinds say of their attributes, and how it is found. No provider is here."""
