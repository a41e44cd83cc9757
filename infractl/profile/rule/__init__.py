"""What each operator of an ONNX graph costs, a module for each sort of operators. Which shapes they give is told elsewhere."""
