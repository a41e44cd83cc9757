"""Measured service times and the models that they are of: what `placement` is judged by and fitted on."""
