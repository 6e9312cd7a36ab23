"""Methods to compare with, each as a `Rescaler`."""

from .bicubic_jpeg import BicubicJpeg
from .bicubic_jpeg_network import BicubicJpegNetwork
from .full_size import Avif, FullSizeCodec, Jpeg, Jpeg2000, JpegXL, MozJpeg, WebP
from .learned_codec_jpeg import LearnedCodecJpeg
from .network_jpeg import NetworkJpeg
from .rescaler import Rescaler

__all__ = [
    "Avif",
    "BicubicJpeg",
    "BicubicJpegNetwork",
    "FullSizeCodec",
    "Jpeg",
    "Jpeg2000",
    "JpegXL",
    "LearnedCodecJpeg",
    "MozJpeg",
    "NetworkJpeg",
    "Rescaler",
    "WebP",
]
