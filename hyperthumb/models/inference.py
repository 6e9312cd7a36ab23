"""Runs networks on photographs of any size, on the whole photograph or in tiles that bound the memory.

If a network's `tile_margin` is at least the radius of its receptive field, tiles give the same result as the whole
photograph. With a narrower margin the result differs along the seams. The tiles are not blended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.limits import GRAPH_PRECISIONS, Precision
from hyperthumb.base.progress import report
from hyperthumb.images.pixels import to_picture
from hyperthumb.images.tiles import TILE, Tile, check_tile, cover, cover_small, scaled

from .contract import Analysis, RescalingNetwork


class Analyzer:
    """Computes coefficients from photographs with a network, which the constructor sets to eval mode."""

    def __init__(self, network: RescalingNetwork) -> None:
        self.network = network.eval()

    @torch.inference_mode()
    def analyze(self, hr: Tensor, tile: int | None = None) -> Analysis:
        """`RescalingNetwork.analyze` of a photograph.

        Args:
            hr: (1, 3, H, W) RGB, float in 0..1 or uint8 in 0..255 (a quarter of the memory). H and W are multiples of
                `network.multiple`.
            tile: the side of a tile in HR pixels. If the network runs in strips as wide as the photograph, it is their
                height. None chooses a size. It has no effect on networks that process whole photographs only.

        Raises:
            HyperthumbError: when a side is not such a multiple, or `tile` is below 1.
        """
        check_tile(tile)
        self.network.check_sides(hr)
        return self._run(hr, tile)

    def _run(self, hr: Tensor, tile: int | None) -> Analysis:
        network, multiple = self.network, self.network.multiple
        rows, columns = hr.shape[2] // multiple, hr.shape[3] // multiple
        tiles = _tiles(network, (rows, columns), tile)
        if len(tiles) == 1:
            return network.analyze(as_float(hr))
        coefficients = hr.new_empty(1, 3, rows, columns, 8, 8, dtype=torch.float32)
        for count, part in enumerate(tiles, 1):
            high, wide = scaled(part.seen, multiple)
            analyzed = network.analyze(as_float(hr[:, :, high, wide])).coefficients
            coefficients[:, :, part.own[0], part.own[1]] = analyzed[:, :, part.inner[0], part.inner[1]]
            report(count, len(tiles))
        return Analysis(coefficients, network.choose_steps(coefficients))


class Restorer:
    """Restores photographs from coefficients with a network.

    Args:
        network: the constructor sets it to eval mode.
        precision: the precision of the network's arithmetic.

    Raises:
        HyperthumbError: when the network does not support the precision.
    """

    precisions: ClassVar[tuple[Precision, ...]] = ("fp32",)
    is_local: ClassVar[bool] = False
    """Whether a pixel depends on nothing but the coefficients around it, wherever it lies."""

    def __init__(self, network: RescalingNetwork, precision: Precision = "fp32") -> None:
        if precision not in self.precisions:
            allowed = " or ".join(self.precisions)
            message = f"{type(network).__name__} restores in {allowed}, not in {precision}"
            exported = precision in GRAPH_PRECISIONS
            raise HyperthumbError(f"{message}; give --engine onnxruntime or openvino" if exported else message)
        self.network = network.eval()

    @torch.inference_mode()
    def restore(
        self, coefficients: Tensor, tables: Tensor, height: int, width: int, tile: int | None = None
    ) -> np.ndarray:
        """Restores the photograph from a file's coefficients and tables.

        Args:
            coefficients: (1, 3, h/8, w/8, 8, 8) integers on the network's device.
            tables: (1, 2, 8, 8) integers on the network's device.
            height: the photograph's rows; the padding beyond them is cropped.
            width: the photograph's columns; the padding beyond them is cropped.
            tile: as for `Analyzer.analyze`.

        Returns:
            uint8 (height, width, 3).

        Raises:
            HyperthumbError: when `tile` is below 1.
        """
        check_tile(tile)
        picture = np.empty((height, width, 3), np.uint8)
        self._run(coefficients, tables, picture, tile)
        return picture

    def _run(self, coefficients: Tensor, tables: Tensor, picture: np.ndarray, tile: int | None) -> None:
        """Fills the picture."""
        multiple = self.network.multiple
        tiles = _tiles(self.network, coefficients.shape[2:4], tile)
        for count, part in enumerate(tiles, 1):
            restored = self.network.restore(coefficients[:, :, part.seen[0], part.seen[1]], tables)
            place = picture[scaled(part.own, multiple)]  # without the padding
            place[:] = to_picture(restored)[scaled(part.inner, multiple)][: place.shape[0], : place.shape[1]]
            report(count, len(tiles))


def as_float(hr: Tensor) -> Tensor:
    """Converts uint8 in 0..255 to float in 0..1; returns floats unchanged."""
    return hr.float() / 255 if hr.dtype == torch.uint8 else hr


def _tiles(network: RescalingNetwork, size: Sequence[int], tile: int | None) -> list[Tile]:
    """Tiles of a photograph of `size` rows and columns of blocks; a single one if the network needs the whole."""
    if network.tile_margin is None:
        return list(cover(size, None, 0))
    return list(cover_small(size, network.multiple, TILE if tile is None else tile, network.tile_margin))
