"""Chips: what computes, how fast, with how much memory. No cloud and no price."""
