"""Reads photographs from files, folders and LMDB stores; provides named uint8 images and training batches.

The content of a training batch depends only on the seed, the iteration and the pictures (see `order` and `crops`).
"""

from .contract import ImagePair, ImageSource, SourceView
from .folders import HRImageDataset, PairedImageDataset
from .image_io import list_images, read_image, write_png
from .loader import TrainingLoader, build_source, build_training_loader
from .training_set import TrainingBatch, TrainingSet

__all__ = [
    "HRImageDataset",
    "ImagePair",
    "ImageSource",
    "PairedImageDataset",
    "SourceView",
    "TrainingBatch",
    "TrainingLoader",
    "TrainingSet",
    "build_source",
    "build_training_loader",
    "list_images",
    "read_image",
    "write_png",
]
