"""Google Cloud: so far the offers of Vertex AI and Cloud Run. Nothing is applied there yet."""
