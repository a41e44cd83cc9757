"""Files that lie beside infractl.yaml and are no documents."""

PRICE_LOCK = "prices.lock.yaml"
"""The list prices that the project is planned with."""
