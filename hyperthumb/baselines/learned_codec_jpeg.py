""" "Hyperprior + JPEG" and its like: a learned codec's full-size picture, with an ordinary thumbnail beside it."""

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
from hyperthumb.images.pixels import pad_to_multiple, to_picture, to_tensor
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
    """What one file holds.

    Attributes:
        pixels: of the thumbnail, uint8 (h, w, 3).
        streams: the codec's, entropy-coded.
        sides: height and width of the codec's innermost latent.
    """

    pixels: np.ndarray
    streams: list[bytes]
    sides: tuple[int, int]


@BASELINES.register()
class LearnedCodecJpeg(Rescaler[ThumbnailAndStreams]):
    """A codec of CompressAI at full size, and bicubic & JPEG for whoever only looks: the bytes of both count.

    One file holds both, an ordinary JPEG followed by the codec's streams, which viewers pass over:

        JPEG | sides of the latent, 2 x 2 bytes | (length, 4 bytes | stream) x streams | length of all after the JPEG

    The photograph is coded whole: CompressAI's models have no tiles.

    Args:
        scale: of the thumbnail.
        codec: CompressAI's name of the architecture.
        checkpoints: its weights, a file a rate, such as those that CompressAI publishes. Channels are read from them.
        rate: which of them, counted from 1.
        quality: of the thumbnail, libjpeg's 1..100.
        subsampling: of the thumbnail's chroma, "4:4:4", "4:2:2" or "4:2:0".
        optimize: Huffman tables made for the thumbnail.
        device: where the network runs.

    Raises:
        OptionsError: for a rate without a checkpoint.
        CheckpointError: when the checkpoint cannot be read, or is not that architecture's.
        HyperthumbError: for a quality or a subsampling that does not exist.
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
            raise OptionsError(f"rate {rate} is none of the {len(checkpoints)} that have a checkpoint")
        self.scale, self.checkpoint = scale, checkpoints[rate - 1]
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
    """The codec with its weights and the tables of its entropy coder, which no network has before it is told to."""
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
