"""Measures: calibrates this machine with standard operators and an empty model behind the real server. What the figures mean for a service is placement's."""
