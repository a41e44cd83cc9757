"""How a problem of a document is told: what is wrong in our words, what was probably meant, and what must never be shown.

What is checked is in `validate` and `rule`.
"""
