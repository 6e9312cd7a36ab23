"""Measures the PSNR that encoders and decoders lose in fp16 and int8."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch

from hyperthumb.jpeg.file import JpegThumbnail, write_jpeg
from hyperthumb.jpeg.quantize import integer_tables
from hyperthumb.metrics.psnr import psnr_of_error
from hyperthumb.models.file import LoadedModel

from .exported_engine import as_analysis, zigzag_steps
from .session import Session
from .torch_engine import TorchEngine

_OTHER_RATE = 0.95
"""Multiplies the tables at the second rate, from which an encoder's loss gets the price of a byte in dB."""

Loss = Callable[[Session], float]
"""The PSNR in dB that an encoder or a decoder of lower precision loses."""


class _Rated(NamedTuple):
    """Means over the photographs: the bytes of the files, and the PSNR in dB of what they restore to."""

    num_bytes: float
    psnr: float


def in_whole_blocks(photograph: np.ndarray, scale: int) -> np.ndarray:
    """The part (1, H, W, 3) of a photograph (H, W, 3) that fills whole blocks of the thumbnail."""
    side = 8 * scale
    height, width = photograph.shape[0] // side * side, photograph.shape[1] // side * side
    return photograph[None, :height, :width].copy()  # PyTorch warns about arrays that are not writable


@torch.no_grad()
def dequantized(model: LoadedModel, picture: np.ndarray) -> np.ndarray:
    """What the decoder of a model reads (1, 192, h, w), for a picture from `in_whole_blocks`."""
    graphs = model.network.graphs()
    coefficients = graphs.encoder(torch.from_numpy(picture))
    steps = zigzag_steps(integer_tables(graphs.tables(coefficients)).numpy()).reshape(192, 1, 1)
    return (np.rint(coefficients.numpy() / steps) * steps).astype(np.float32)


def decoder_loss(before: Session, inputs: Sequence[np.ndarray], pictures: Sequence[np.ndarray]) -> Loss:
    """Measures a decoder in float32, and returns what others lose against it.

    Args:
        before: the decoder in float32.
        inputs: what decoders read, from `dequantized`.
        pictures: of the same photographs, from `in_whole_blocks`.
    """

    def mean_psnr(decoder: Session) -> float:
        restored = (decoder.run(coefficients, "picture")[0] for coefficients in inputs)
        return float(np.mean([_psnr(*pair) for pair in zip(restored, pictures, strict=True)]))

    plain = mean_psnr(before)
    return lambda after: plain - mean_psnr(after)


def encoder_loss(before: Session, model: LoadedModel, pictures: Sequence[np.ndarray]) -> Loss:
    """Measures an encoder in float32, and returns what others lose against it at equal bytes.

    The others' files also have other sizes. A byte is worth what it gains between two rates of the float32 encoder.

    Args:
        before: the encoder in float32.
        model: gives the tables and the decoder, which stay in float32.
        pictures: from `in_whole_blocks`.
    """
    plain, finer = (_rated(before, model, pictures, scale) for scale in (1.0, _OTHER_RATE))
    more = finer.num_bytes - plain.num_bytes
    slope = (finer.psnr - plain.psnr) / more if more else 0.0

    def loss(after: Session) -> float:
        lowered = _rated(after, model, pictures, 1.0)
        return plain.psnr - lowered.psnr + slope * (lowered.num_bytes - plain.num_bytes)

    return loss


def _rated(encoder: Session, model: LoadedModel, pictures: Sequence[np.ndarray], rate_scale: float) -> _Rated:
    engine, tables = TorchEngine(model.network), model.network.graphs().tables
    sizes, scores = [], []
    for picture in pictures:
        (planes,) = encoder.run(picture)
        with torch.no_grad():
            steps = tables(torch.from_numpy(planes)).numpy()
        quantized = engine.quantize(as_analysis(planes, steps), rate_scale)
        height, width = picture.shape[1:3]
        sides = height // model.scale, width // model.scale
        sizes.append(len(write_jpeg(JpegThumbnail(quantized.coefficients, quantized.tables, *sides))))
        scores.append(_psnr(engine.restore(quantized.coefficients, quantized.tables, (height, width)), picture[0]))
    return _Rated(float(np.mean(sizes)), float(np.mean(scores)))


def _psnr(restored: np.ndarray, picture: np.ndarray) -> float:
    error = float(np.mean((restored.astype(np.float64) - picture) ** 2))
    return psnr_of_error(max(error, 1e-12))  # finite for equal pictures too, so that the loss is a number
