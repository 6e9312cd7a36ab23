"""Networks and their parts. Importing this folder registers them by name. Networks of other papers are in `rivals`."""

from . import frequency_decoder, lite, quantization, rate_model, rdb_unet, transformer
from .hyperthumbnail import HyperThumbnail

__all__ = ["HyperThumbnail", "frequency_decoder", "lite", "quantization", "rate_model", "rdb_unet", "transformer"]
