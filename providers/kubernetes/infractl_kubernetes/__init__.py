"""Kubernetes clusters, on premises or anywhere: so far the offers of their node pools. Nothing is applied there yet."""
