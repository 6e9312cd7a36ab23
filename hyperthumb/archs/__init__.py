"""Networks and their parts. Importing this registers all of them by name."""

from . import frequency_decoder, lite, quantization, rate_model, rdb_unet
from .comcnn import ComCNN
from .hcflow import HCFlow
from .hyperthumbnail import HyperThumbnail
from .irn import IRN
from .sain import SAIN

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
