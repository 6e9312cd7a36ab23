"""Compressing and restoring large pictures strip by strip, with the result of the whole; rivals' networks in tiles.

What grows with the picture is the picture itself and its coefficients, which are held whole; not what the layers make.

The strips do not overlap: every layer remembers the rows that the next strip needs (`archs/rows.py`), so the result is
the whole picture's to float rounding, whatever the strips' size. A network that is not made of local layers, such as
one with attention over the whole picture, is run on the whole.

Rivals (`archs.PixelRescaling`) are local, but no graph of theirs can be followed: their tiles overlap, and are blended
nowhere. An overlap narrower than what the network sees makes a difference along the seams, see docs/benchmark.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from hyperthumb.archs.hyperthumbnail import HyperThumbnail
from hyperthumb.archs.pixel_rescaling import PixelRescaling
from hyperthumb.archs.rows.row_program import NotLocalError
from hyperthumb.archs.rows.strips import StripAnalyzer, StripRestorer
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.images.pixels import to_picture
from hyperthumb.images.tiles import OVERLAP, TILE, Tile, cover_small, scaled
from hyperthumb.models.contract import Analysis, RescalingNetwork

Precision = Literal["fp32", "bf16"]

# Thumbnail pixels of a strip. On a CPU a layer's rows should fit into the last level of cache together with those that
# it makes (24 channels: 3 MB each); a GPU wants enough to fill it with one launch.
_STRIP_PIXELS = {"cpu": 32 * 960, "other": 1024 * 1024}


class Restorer:
    """A network's decoder, made ready once for many thumbnails: composed, cast, laid out for this device.

    Args:
        network: its weights are copied; training it further does not reach the copy.
        precision: bf16 runs the decoder in bfloat16, all but the convolution that makes the pixels; JPEG decoding and a
            bicubic skip are float32 always. Differences: docs/thumbnails.md.

    Raises:
        HyperthumbError: for bf16 with a network that can only be run whole.
    """

    def __init__(self, network: RescalingNetwork, precision: Precision = "fp32") -> None:
        if precision not in ("fp32", "bf16"):
            raise HyperthumbError(f'the precision is fp32 or bf16, not "{precision}"')
        self.network = network.eval()
        self._strips: StripRestorer | None = None
        reason = f"{type(network).__name__} is not a HyperThumbnail"
        if isinstance(network, HyperThumbnail):
            try:
                self._strips = StripRestorer(network, precision == "bf16")
            except NotLocalError as error:
                reason = str(error)
        if self._strips is None and precision == "bf16":
            raise HyperthumbError(f"this network restores in fp32 only: it cannot be taken apart ({reason})")

    @torch.inference_mode()
    def restore(
        self, coefficients: Tensor, tables: Tensor, height: int, width: int, tile: int | None = None
    ) -> np.ndarray:
        """The photograph from what a file holds, in memory that does not grow with the picture beyond the picture.

        A network that can only be run whole takes its own memory, and `tile` has no effect on it.

        Args:
            coefficients: (1, 3, h/8, w/8, 8, 8) integers on the network's device.
            tables: (1, 2, 8, 8) integers on the network's device.
            height: the photograph's rows; what the network makes beyond them is cut off.
            width: its columns.
            tile: HR rows worked on at a time, the picture's full width; of a rival's network, the side of its tiles.
                None chooses.

        Returns:
            uint8 (height, width, 3).

        Raises:
            HyperthumbError: for a tile without rows.
        """
        if isinstance(self.network, PixelRescaling):
            return _restore_in_tiles(self.network, coefficients, tables, height, width, tile)
        if self._strips is None:
            strips = iter([self.network.restore(coefficients, tables)])
        else:
            scale, columns = self._strips.scale, 8 * coefficients.shape[3]
            strips = self._strips.strips(coefficients, tables, _rows(tile, scale, columns, coefficients.device))
        picture = np.empty((height, width, 3), np.uint8)
        done = 0
        for strip in strips:
            rows = min(strip.shape[2], height - done)
            if rows <= 0:
                break
            pixels = strip[0, :, :rows, :width].mul(255).round_().to(torch.uint8)
            picture[done : done + rows] = pixels.permute(1, 2, 0).cpu().numpy()
            done += rows
        return picture


class Analyzer:
    """A network's encoder, made ready once for many photographs; see `Restorer`."""

    def __init__(self, network: RescalingNetwork) -> None:
        self.network = network.eval()
        self._strips: StripAnalyzer | None = None
        if isinstance(network, HyperThumbnail):
            try:
                self._strips = StripAnalyzer(network)
            except NotLocalError:
                self._strips = None

    @torch.inference_mode()
    def analyze(self, hr: Tensor, tile: int | None = None) -> Analysis:
        """`network.analyze` in memory that does not grow with the picture.

        Args:
            hr: (1, 3, H, W) RGB, float in 0..1 or uint8 in 0..255 (a quarter of the memory), sides multiples of
                `network.multiple`.
            tile: HR rows worked on at a time, the picture's full width; of a rival's network, the side of its tiles.
                None chooses.

        Raises:
            HyperthumbError: when a side is not a multiple, or for a tile without rows.
        """
        multiple = self.network.multiple
        divides = hr.shape[2] % multiple == hr.shape[3] % multiple == 0
        if divides and isinstance(self.network, PixelRescaling):
            return _analyze_in_tiles(self.network, hr, tile)
        if not divides or self._strips is None:
            return self.network.analyze(_as_float(hr))
        scale = self._strips.scale
        return self._strips.analyze(hr, _rows(tile, scale, hr.shape[3] // scale, hr.device))


def _restore_in_tiles(
    network: PixelRescaling, coefficients: Tensor, tables: Tensor, height: int, width: int, tile: int | None
) -> np.ndarray:
    picture = np.empty((height, width, 3), np.uint8)
    for part in _block_tiles(network, coefficients.shape[2:4], tile):
        restored = to_picture(network.restore(coefficients[:, :, part.seen[0], part.seen[1]], tables))
        place = picture[scaled(part.own, network.multiple)]  # of padding, nothing is left
        place[:] = restored[scaled(part.inner, network.multiple)][: place.shape[0], : place.shape[1]]
    return picture


def _analyze_in_tiles(network: PixelRescaling, hr: Tensor, tile: int | None) -> Analysis:
    multiple = network.multiple
    rows, columns = hr.shape[2] // multiple, hr.shape[3] // multiple
    coefficients = hr.new_empty(1, 3, rows, columns, 8, 8, dtype=torch.float32)
    for part in _block_tiles(network, (rows, columns), tile):
        high, wide = scaled(part.seen, multiple)
        analysis = network.analyze(_as_float(hr[:, :, high, wide]))
        coefficients[:, :, part.own[0], part.own[1]] = analysis.coefficients[:, :, part.inner[0], part.inner[1]]
    return Analysis(coefficients, network.quantization(coefficients))


def _block_tiles(network: PixelRescaling, size: Sequence[int], tile: int | None) -> Iterator[Tile]:
    """Tiles of so many rows and columns of blocks."""
    _check_tile(tile)
    return cover_small(size, network.multiple, TILE if tile is None else tile, OVERLAP)


def _as_float(hr: Tensor) -> Tensor:
    return hr.float() / 255 if hr.dtype == torch.uint8 else hr


def _rows(tile: int | None, scale: int, columns: int, device: torch.device) -> int:
    """HR rows of a strip for a thumbnail of so many columns, a multiple of the scale."""
    _check_tile(tile)
    if tile is None:
        pixels = _STRIP_PIXELS["cpu" if device.type == "cpu" else "other"]
        return max(pixels // columns, 1) * scale
    return max(tile // scale, 1) * scale


def _check_tile(tile: int | None) -> None:
    if tile is not None and tile < 1:
        raise HyperthumbError(f"a tile has 1 row or more, not {tile}")
