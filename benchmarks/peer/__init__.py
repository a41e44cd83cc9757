"""What others make of the same job: their environments (one from each .txt here), how they start, and the job."""
