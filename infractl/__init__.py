"""infractl: declare a machine-learning inference service, and have the cheapest placement that keeps its SLOs built and kept."""

__version__ = "0.1.0"
