"""The parts of structured pruning: which channels belong together, which matter, how they are cut out, how the rest is refitted.

The graph gets smaller: nothing is merely set to zero. What a part does not understand it leaves alone, and says so.
"""
