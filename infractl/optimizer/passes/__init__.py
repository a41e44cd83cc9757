"""One file a pass: a model and rows go in, a model and a report come out. A pass judges nothing: the gate does."""
