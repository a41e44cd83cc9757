"""Measures a running service as its clients see it: load in a process of its own, scenarios, percentiles with their confidence.

What is measured becomes a `Measurement` in `domain/`. What is calibrated without any service lives beside this room.
"""
