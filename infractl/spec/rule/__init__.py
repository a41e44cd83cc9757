"""What must hold between the fields of a document, and between documents: one small function and one slug each.

A field by itself is the schema's; what a rule looks at is in `subject`, and `check` has them all.
"""
