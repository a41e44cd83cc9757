"""Engines open a model file and run it, timed or not. One module an engine; the serving process and calibration share them."""
