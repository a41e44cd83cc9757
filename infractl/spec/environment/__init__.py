"""Environments: their documents, what they lay over services, and the values that documents refer to."""
