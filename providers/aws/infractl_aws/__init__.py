"""Amazon Web Services: so far the offers of SageMaker. Nothing is applied there yet."""
