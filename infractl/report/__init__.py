"""Renderers, one file a format. Pure: values in, text out; what is printed where is the command's."""
