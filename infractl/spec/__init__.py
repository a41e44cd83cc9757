"""What users write: pydantic models, YAML whose values keep their marks, cross-field rules. Nothing here knows a stage that acts on it."""
