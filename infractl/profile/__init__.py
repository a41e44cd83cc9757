"""Reads off a model file what it takes, gives and costs. Nothing here runs a model: `measure/` does."""
