"""Calibrates this machine, with standard operators and an empty model behind the real server. What follows is for placement."""
