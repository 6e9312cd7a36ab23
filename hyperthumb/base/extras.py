"""The packages of the extra `[train]`, which `pip install hyperthumb` does not install."""

from __future__ import annotations

TRAIN = {
    "torch": "torch",
    "torchvision": "torchvision",
    "compressai": "compressai",
    "basicsr": "basicsr",
    "lpips": "lpips",
    "pytorch-msssim": "pytorch_msssim",
    "tensorboard": "tensorboard",
    "lmdb": "lmdb",
    "PyYAML": "yaml",
    "pydantic": "pydantic",
    "scikit-image": "skimage",
    "safetensors": "safetensors",
    "pillow-jxl-plugin": "pillow_jxl",
    "bjontegaard": "bjontegaard",
    "Jinja2": "jinja2",
    "matplotlib": "matplotlib",
    "scipy": "scipy",
    "onnx": "onnx",
    "onnxscript": "onnxscript",
}
"""Each package of the extra in pyproject.toml, and the module that code imports."""


def missing_package(error: ModuleNotFoundError) -> str | None:
    """The package of `[train]` whose module was not found; None if the module belongs to no package of it."""
    module = (error.name or "").partition(".")[0]
    return next((package for package, name in TRAIN.items() if name == module), None)
