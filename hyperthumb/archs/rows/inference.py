"""Runs networks of local layers in strips. The result is that for the whole photograph up to float rounding.

The strips do not overlap: every layer keeps the rows that the next strip needs (`rows.py`). Only the photograph and its
coefficients are in memory as a whole, not the outputs of the layers.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from hyperthumb.base.limits import Precision
from hyperthumb.base.progress import report
from hyperthumb.jpeg.quantize import per_plane
from hyperthumb.jpeg.simulator import coefficients_to_rgb, rgb_to_coefficients
from hyperthumb.jpeg.zigzag import to_zigzag
from hyperthumb.models.contract import Analysis, RescalingNetwork
from hyperthumb.models.inference import Analyzer, Restorer, as_float

from .row_program import RowProgram
from .rows import RowSource

# Thumbnail pixels of a strip. On a CPU, the input and output rows of a layer should fit into the last level of cache
# (24 channels: 3 MB each). On a GPU, one launch should occupy the whole device.
_STRIP_PIXELS = {"cpu": 32 * 960, "other": 1024 * 1024}


class RowAnalyzer(Analyzer):
    """Runs an encoder in strips. It copies the weights, so later changes to the network have no effect.

    Args:
        network: the network that the encoder belongs to, for its `choose_steps`.
        encoder: maps hr (1, 3, H, W) to the thumbnail (1, 3, h, w). None: the photograph is its own thumbnail.

    Raises:
        NotLocalError: if the encoder has layers whose output depends on more than a neighborhood.
    """

    def __init__(self, network: RescalingNetwork, encoder: nn.Module | None) -> None:
        super().__init__(network)
        self._program = None if encoder is None else RowProgram(copy.deepcopy(encoder))

    def _run(self, hr: Tensor, tile: int | None) -> Analysis:
        def read(first: int, last: int) -> Tensor:
            return as_float(hr[:, :, first:last]).contiguous(memory_format=torch.channels_last)

        scale, multiple = self.network.scale, self.network.multiple
        height, width = hr.shape[2:]
        rows = max(_rows(tile, scale, width // scale, hr.device) // multiple, 1) * multiple
        if self._program is None:
            thumbnails: Iterator[Tensor] = (read(first, first + rows) for first in range(0, height, rows))
        else:
            thumbnails = self._program.run([RowSource(height, 1, read)], rows // scale)
        coefficients = hr.new_empty(1, 3, height // multiple, width // multiple, 8, 8, dtype=torch.float32)
        done = 0
        for thumbnail in thumbnails:
            made = rgb_to_coefficients(thumbnail.clamp(0, 1))
            coefficients[:, :, done : done + made.shape[2]] = made
            done += made.shape[2]
            report(done, coefficients.shape[2])
        return Analysis(coefficients, self.network.choose_steps(coefficients))


class RowRestorer(Restorer):
    """Runs a decoder in strips. It copies the weights, so later changes to the network have no effect.

    Args:
        network: the network that the decoder belongs to.
        decoder: as for `HyperThumbnail`; None returns the thumbnail itself. If it has a method `for_inference`, the
            module that this method returns is run instead.
        precision: with bf16, all convolutions of the decoder but the last run in bfloat16. JPEG decoding and the
            bicubic skip always run in float32. docs/appendix/thumbnails.md lists the differences.

    Raises:
        NotLocalError: if the decoder has layers whose output depends on more than a neighborhood.
    """

    precisions: ClassVar[tuple[Precision, ...]] = ("fp32", "bf16")
    is_local: ClassVar[bool] = True

    def __init__(self, network: RescalingNetwork, decoder: nn.Module | None, precision: Precision = "fp32") -> None:
        super().__init__(network, precision)
        self._takes_coefficients = getattr(decoder, "takes_coefficients", False)
        self._program: RowProgram | None = None
        if decoder is not None:
            for_inference = getattr(decoder, "for_inference", None)
            copied: nn.Module = for_inference() if for_inference else copy.deepcopy(decoder)
            self._program = RowProgram(copied, low_precision=precision == "bf16")

    def _run(self, coefficients: Tensor, tables: Tensor, picture: np.ndarray, tile: int | None) -> None:
        height, width = picture.shape[:2]
        rows = _rows(tile, self.network.scale, 8 * coefficients.shape[3], coefficients.device)
        done = 0
        for restored in self.run(coefficients, tables, rows):
            count = min(restored.shape[2], height - done)
            if count <= 0:
                break
            pixels = restored[0, :, :count, :width].mul(255).round_().to(torch.uint8)
            picture[done : done + count] = pixels.permute(1, 2, 0).cpu().numpy()
            done += count
            report(done, height)

    @torch.inference_mode()
    def run(self, coefficients: Tensor, tables: Tensor, rows: int) -> Iterator[Tensor]:
        """Restores the photograph as `RescalingNetwork.restore` does, strip by strip from the top.

        Args:
            coefficients: (1, 3, h/8, w/8, 8, 8) integers.
            tables: (1, 2, 8, 8) integers.
            rows: HR rows of a strip.

        Yields:
            Strips (1, 3, n, W) of RGB in 0..1, clamped.
        """
        steps = per_plane(tables.float())

        def dequantized(first: int, last: int) -> Tensor:
            return coefficients[:, :, first:last].float() * steps

        def rgb(first: int, last: int) -> Tensor:
            thumbnail = coefficients_to_rgb(dequantized(first // 8, last // 8), clamp=not self._takes_coefficients)
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
        if self._takes_coefficients:
            sources.append(RowSource(blocks, 1, planes))
        for restored in self._program.run(sources, rows):
            yield restored.clamp_(0, 1)


def _rows(tile: int | None, scale: int, columns: int, device: torch.device) -> int:
    """HR rows of a strip, a multiple of the scale, for a thumbnail with this number of columns."""
    if tile is None:
        pixels = _STRIP_PIXELS["cpu" if device.type == "cpu" else "other"]
        return max(pixels // columns, 1) * scale
    return max(tile // scale, 1) * scale
