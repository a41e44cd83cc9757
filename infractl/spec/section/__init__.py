"""The sections of a service's document, one module each. What holds between two fields is in `rule`."""
