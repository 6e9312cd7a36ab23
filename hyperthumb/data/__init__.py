"""Reads photographs from files, folders and LMDB stores; provides named uint8 images and training batches.

The content of a training batch depends only on the seed, the iteration and the pictures (see `order` and `crops`).
"""

from .contract import ImagePair as ImagePair
from .contract import ImageSource as ImageSource
from .contract import SourceView as SourceView
from .folders import HRImageDataset as HRImageDataset
from .folders import PairedImageDataset as PairedImageDataset
from .image_io import list_images as list_images
from .image_io import read_image as read_image
from .image_io import write_png as write_png
from .loader import TrainingLoader as TrainingLoader
from .loader import build_source as build_source
from .loader import build_training_loader as build_training_loader
from .training_set import TrainingBatch as TrainingBatch
from .training_set import TrainingSet as TrainingSet
