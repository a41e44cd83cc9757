"""Smaller models that learn a given one's answers: their shapes, what they must look like from outside, and how they are taught.

Training is `training`'s, a process of its own: nothing else here knows PyTorch.
"""
