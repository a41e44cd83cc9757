"""What users ask: pydantic models, YAML whose values keep their marks, cross-field rules. No stage that acts on it lives here.

Begin with `load`, which joins the steps.
"""
