"""Models of many shapes whose time is predicted and measured, one module a sort. Calibration knows none of them."""
