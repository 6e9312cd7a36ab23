"""JPEG as tensors and as bytes: color, DCT, tables, quantization, the differentiable simulator, and the file.

`tables` and `file` need no torch; import the module you want.
"""
