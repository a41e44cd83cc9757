"""YAML text in its canonical layout: only white space between tokens and the indentation of lines change, never a token.

What a file is, who asked for it and how it is written back is not here.
"""
