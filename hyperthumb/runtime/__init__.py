"""Networks as ONNX files: export, checks, and engines that run them without PyTorch."""
