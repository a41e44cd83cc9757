"""YAML 1.2 with marks: bytes become text, text becomes documents whose values keep their places, in bounded size and depth.

Nothing here opens a file or knows what a key means.
"""
