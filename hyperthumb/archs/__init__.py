"""Networks and their parts. Importing this registers them by name; the networks of others are in `rivals`."""

from . import frequency_decoder, lite, quantization, rate_model, rdb_unet
from .hyperthumbnail import HyperThumbnail

__all__ = ["HyperThumbnail", "frequency_decoder", "lite", "quantization", "rate_model", "rdb_unet"]
