"""Validation and calibration data: read from files, checked against the model, divided into sets without a row in common."""
