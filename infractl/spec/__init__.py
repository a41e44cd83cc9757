"""What users ask: sections that declare documents, YAML whose values keep their marks, environments, rules between fields.

No stage that acts on it lives here. Begin with `load`, which joins the steps.
"""
