"""A learned codec (such as the hyperprior) for the full-size picture, plus an ordinary JPEG thumbnail."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import torch

from hyperthumb.base.constraints import Count
from hyperthumb.base.errors import CheckpointError, OptionsError
from hyperthumb.base.limits import Device
from hyperthumb.base.registry import BASELINES
from hyperthumb.images.padding import pad_to_multiple
from hyperthumb.images.pixels import to_picture, to_tensor
from hyperthumb.models.build import resolve_device
from hyperthumb.models.weights import choose_weights, read_safely

from .bicubic_jpeg import BicubicJpeg
from .complexity import Complexity, measure_codec
from .pillow_jpeg import JpegSettings
from .rescaler import Rescaler

if TYPE_CHECKING:
    from compressai.models import CompressionModel

_SIDES = struct.Struct("<2H")
_LENGTH = struct.Struct("<I")


class ThumbnailAndStreams(NamedTuple):
    """The content of one file.

    Attributes:
        pixels: the thumbnail, uint8 (h, w, 3).
        streams: the codec's entropy-coded streams.
        sides: height and width of the codec's innermost latent.
    """

    pixels: np.ndarray
    streams: list[bytes]
    sides: tuple[int, int]


@BASELINES.register()
class LearnedCodecJpeg(Rescaler[ThumbnailAndStreams]):
    """A CompressAI codec at full size plus a bicubic JPEG thumbnail. The bytes of both count.

    One file holds both: an ordinary JPEG, then the codec's streams, which viewers ignore:

        JPEG | sides of the latent, 2 x 2 bytes | (length, 4 bytes | stream) x streams | length of all after the JPEG

    The photograph is coded as a whole, because CompressAI's models do not work in tiles.

    Args:
        scale: the thumbnail's scale.
        codec: CompressAI's name of the architecture.
        checkpoints: one file of weights per rate, such as those that CompressAI publishes. Channels are read from them.
        rate: the number of the checkpoint, counted from 1.
        thumbnail: the thumbnail's format, `jpeg` or `png`.
        quality: the thumbnail's quality, libjpeg's 1..100.
        subsampling: the thumbnail's chroma, "4:4:4", "4:2:2" or "4:2:0".
        optimize: write Huffman tables that are optimal for the thumbnail.
        device: where the network runs.

    Raises:
        OptionsError: when the rate has no checkpoint.
        CheckpointError: when the checkpoint cannot be read, or belongs to another architecture.
        HyperthumbError: when the quality or the subsampling does not exist.
    """

    def __init__(
        self,
        scale: int,
        checkpoints: list[Path],
        rate: Count = 1,
        codec: Literal["bmshj2018-factorized", "bmshj2018-hyperprior", "mbt2018-mean"] = "bmshj2018-hyperprior",
        jpeg: JpegSettings = JpegSettings(),
        device: Device = "auto",
    ) -> None:
        self._thumbnails = BicubicJpeg(scale, jpeg)
        if rate > len(checkpoints):
            raise OptionsError(f"rate {rate} has no checkpoint; there are {len(checkpoints)} checkpoints")
        self.scale, self.checkpoint, self.suffix = scale, checkpoints[rate - 1], jpeg.suffix
        self.name = f"{codec} + {jpeg}"
        self.device = resolve_device(device)
        self.network = _load(codec, self.checkpoint).to(self.device)

    def complexity(self) -> Complexity:
        return measure_codec(self.network)

    @torch.inference_mode()
    def downscale(self, image: np.ndarray) -> ThumbnailAndStreams:
        padded = pad_to_multiple(image, self.network.downsampling_factor)
        coded = self.network.compress(to_tensor(padded, self.device))
        height, width = coded["shape"]
        streams = [batch[0] for batch in coded["strings"]]
        return ThumbnailAndStreams(self._thumbnails.downscale(image), streams, (int(height), int(width)))

    def write(self, thumbnail: ThumbnailAndStreams) -> bytes:
        parts = [part for stream in thumbnail.streams for part in (_LENGTH.pack(len(stream)), stream)]
        hidden = _SIDES.pack(*thumbnail.sides) + b"".join(parts)
        return self._thumbnails.write(thumbnail.pixels) + hidden + _LENGTH.pack(len(hidden))

    def read(self, data: bytes) -> ThumbnailAndStreams:
        (length,) = _LENGTH.unpack(data[-_LENGTH.size :])
        end = len(data) - _LENGTH.size
        start = end - length
        height, width = _SIDES.unpack_from(data, start)
        position, streams = start + _SIDES.size, []
        while position < end:
            (length,) = _LENGTH.unpack_from(data, position)
            position += _LENGTH.size
            streams.append(data[position : position + length])
            position += length
        return ThumbnailAndStreams(self._thumbnails.read(data[:start]), streams, (height, width))

    @torch.inference_mode()
    def upscale(self, thumbnail: ThumbnailAndStreams, height: int, width: int) -> np.ndarray:
        restored = self.network.decompress([[stream] for stream in thumbnail.streams], thumbnail.sides)["x_hat"]
        return to_picture(restored)[:height, :width]


def _load(name: str, checkpoint: Path) -> CompressionModel:
    """Loads the codec's weights and builds the tables of its entropy coder."""
    from compressai.zoo.image import model_architectures
    from compressai.zoo.pretrained import load_pretrained

    weights = load_pretrained(dict(choose_weights(read_safely(checkpoint), "auto", checkpoint)))
    try:
        codec: CompressionModel = model_architectures[name].from_state_dict(weights)
    except (KeyError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"{checkpoint} does not hold the weights of {name}") from error
    codec = codec.eval().requires_grad_(False)
    codec.update()
    return codec
