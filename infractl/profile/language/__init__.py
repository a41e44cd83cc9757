"""Language models from a Hugging Face directory: its config.json read by family, and the headers of the weights beside it."""
