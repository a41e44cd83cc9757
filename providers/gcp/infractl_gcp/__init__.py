"""Google Cloud: so far the offers of Vertex AI. Nothing is applied there yet."""
