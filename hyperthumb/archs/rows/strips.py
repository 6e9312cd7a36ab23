"""`HyperThumbnail` in strips: coefficients to picture and picture to coefficients, in memory that does not grow."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from hyperthumb.archs.hyperthumbnail import HyperThumbnail
from hyperthumb.jpeg.quantize import per_plane
from hyperthumb.jpeg.simulator import coefficients_to_rgb, rgb_to_coefficients
from hyperthumb.jpeg.zigzag import to_zigzag
from hyperthumb.models.contract import Analysis

from .row_program import RowProgram
from .rows import RowSource


class StripRestorer:
    """A network's decoder, made ready once for any number of pictures; it keeps a copy of the weights as they were.

    Args:
        network: in eval mode.
        low_precision: run the decoder's convolutions in bfloat16, all but the one that makes the pixels.

    Raises:
        NotLocalError: when the decoder sees more of the picture than neighbourhoods.
    """

    def __init__(self, network: HyperThumbnail, low_precision: bool = False) -> None:
        self.scale = network.scale
        self.takes_coefficients = getattr(network.decoder, "takes_coefficients", False)
        self._program: RowProgram | None = None
        if network.decoder is not None:
            for_inference = getattr(network.decoder, "for_inference", None)
            decoder: nn.Module = for_inference() if for_inference else copy.deepcopy(network.decoder)
            self._program = RowProgram(decoder, low_precision)

    @torch.inference_mode()
    def strips(self, coefficients: Tensor, tables: Tensor, rows: int) -> Iterator[Tensor]:
        """`network.restore`, from the top.

        Args:
            coefficients: (1, 3, h/8, w/8, 8, 8) integers.
            tables: (1, 2, 8, 8) integers.
            rows: HR rows of a strip.

        Yields:
            (1, 3, n, W) RGB in 0..1, clamped.
        """
        steps = per_plane(tables.float())

        def dequantized(first: int, last: int) -> Tensor:
            return coefficients[:, :, first:last].float() * steps

        def rgb(first: int, last: int) -> Tensor:
            thumbnail = coefficients_to_rgb(dequantized(first // 8, last // 8), clamp=not self.takes_coefficients)
            return thumbnail.contiguous(memory_format=torch.channels_last)

        def planes(first: int, last: int) -> Tensor:
            vectors = to_zigzag(dequantized(first, last))
            return vectors.permute(0, 1, 4, 2, 3).flatten(1, 2).contiguous(memory_format=torch.channels_last)

        blocks = coefficients.shape[2]
        if self._program is None:
            step = max(rows // 8, 1)
            for first in range(0, blocks, step):
                yield coefficients_to_rgb(dequantized(first, first + step))
            return
        sources = [RowSource(8 * blocks, 8, rgb)]
        if self.takes_coefficients:
            sources.append(RowSource(blocks, 1, planes))
        for strip in self._program.run(sources, rows):
            yield strip.clamp_(0, 1)


class StripAnalyzer:
    """A network's encoder, made ready once; see `StripRestorer`."""

    def __init__(self, network: HyperThumbnail) -> None:
        self.scale, self.multiple, self.quantization = network.scale, network.multiple, network.quantization
        self._program = RowProgram(copy.deepcopy(network.encoder)) if network.encoder is not None else None

    @torch.inference_mode()
    def analyze(self, hr: Tensor, rows: int) -> Analysis:
        """`network.analyze`.

        Args:
            hr: (1, 3, H, W) RGB, float in 0..1 or uint8 in 0..255, sides multiples of 8 * scale.
            rows: HR rows of a strip.
        """

        def read(first: int, last: int) -> Tensor:
            strip = hr[:, :, first:last]
            strip = strip.float() / 255 if strip.dtype == torch.uint8 else strip
            return strip.contiguous(memory_format=torch.channels_last)

        height, width = hr.shape[2:]
        rows = max(rows // self.multiple, 1) * self.multiple
        if self._program is None:
            thumbnails: Iterator[Tensor] = (read(first, first + rows) for first in range(0, height, rows))
        else:
            thumbnails = self._program.run([RowSource(height, 1, read)], rows // self.scale)
        blocks = [height // self.multiple, width // self.multiple]
        coefficients = hr.new_empty(1, 3, *blocks, 8, 8, dtype=torch.float32)
        done = 0
        for thumbnail in thumbnails:
            strip = rgb_to_coefficients(thumbnail.clamp(0, 1))
            coefficients[:, :, done : done + strip.shape[2]] = strip
            done += strip.shape[2]
        return Analysis(coefficients, self.quantization(coefficients))
