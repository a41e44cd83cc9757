"""Whether a candidate may be served: its accuracy proven on held-out rows, its speed measured, its answers sane."""
