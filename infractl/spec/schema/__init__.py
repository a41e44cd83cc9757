"""How documents are declared: sections, their fields and what those may hold; and the validators and schemas made from it.

No document is declared here, and nothing knows what a key means.
"""
