"""Networks and their parts. Importing this registers all of them by name."""

from . import frequency_decoder, lite, quantization, rate_model, rdb_unet
from .hyperthumbnail import HyperThumbnail
from .rivals.comcnn import ComCNN
from .rivals.hcflow import HCFlow
from .rivals.irn import IRN
from .rivals.sain import SAIN

__all__ = [
    "IRN",
    "SAIN",
    "ComCNN",
    "HCFlow",
    "HyperThumbnail",
    "frequency_decoder",
    "lite",
    "quantization",
    "rate_model",
    "rdb_unet",
]
