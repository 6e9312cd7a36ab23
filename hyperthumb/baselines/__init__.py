"""Methods to compare with, each as a `Rescaler`."""

from .bicubic_jpeg import BicubicJpeg as BicubicJpeg
from .bicubic_jpeg_network import BicubicJpegNetwork as BicubicJpegNetwork
from .full_size import Avif as Avif
from .full_size import FullSizeCodec as FullSizeCodec
from .full_size import Jpeg as Jpeg
from .full_size import Jpeg2000 as Jpeg2000
from .full_size import JpegXL as JpegXL
from .full_size import MozJpeg as MozJpeg
from .full_size import WebP as WebP
from .learned_codec_jpeg import LearnedCodecJpeg as LearnedCodecJpeg
from .network_jpeg import NetworkJpeg as NetworkJpeg
from .rescaler import Rescaler as Rescaler
from .super_resolution import SuperResolution as SuperResolution
