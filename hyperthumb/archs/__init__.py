"""Networks and their parts. Importing this registers all of them by name."""

from . import frequency_decoder, lite, quantization, rate_model, rdb_unet
from .hyperthumbnail import HyperThumbnail

__all__ = ["HyperThumbnail", "frequency_decoder", "lite", "quantization", "rate_model", "rdb_unet"]
