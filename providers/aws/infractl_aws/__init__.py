"""Amazon Web Services: so far the offers of SageMaker and Lambda. Nothing is applied there yet."""
