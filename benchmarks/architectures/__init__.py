"""Public architectures at their published dimensions, with random weights: a module each, whose function gives an ONNX model."""
