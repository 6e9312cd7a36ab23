"""Networks at work on photographs of any size: on the whole, or in tiles that bound the memory.

A network whose `tile_margin` is as wide as its receptive field gives the same result in tiles as on the whole
photograph. With a narrower margin the difference shows along the seams; the tiles are not blended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.images.pixels import to_picture
from hyperthumb.images.tiles import TILE, Tile, cover, cover_small, scaled

from .contract import Analysis, Precision, RescalingNetwork


class Analyzer:
    """A network's way from photographs to coefficients.

    Args:
        network: in eval mode from here on.
    """

    def __init__(self, network: RescalingNetwork) -> None:
        self.network = network.eval()

    @torch.inference_mode()
    def analyze(self, hr: Tensor, tile: int | None = None) -> Analysis:
        """`RescalingNetwork.analyze` of a photograph.

        Args:
            hr: (1, 3, H, W) RGB, float in 0..1 or uint8 in 0..255 (a quarter of the memory), sides multiples of
                `network.multiple`.
            tile: the side of a tile in HR pixels, or the HR rows of tiles as wide as the photograph where the network
                is run so; None chooses. It has no effect on a network that only runs on whole photographs.

        Raises:
            HyperthumbError: when a side is not a multiple, or for a tile without rows.
        """
        _check_tile(tile)
        self.network.check_sides(hr)
        return self._run(hr, tile)

    def _run(self, hr: Tensor, tile: int | None) -> Analysis:
        network, multiple = self.network, self.network.multiple
        rows, columns = hr.shape[2] // multiple, hr.shape[3] // multiple
        tiles = _tiles(network, (rows, columns), tile)
        if len(tiles) == 1:
            return network.analyze(as_float(hr))
        coefficients = hr.new_empty(1, 3, rows, columns, 8, 8, dtype=torch.float32)
        for part in tiles:
            high, wide = scaled(part.seen, multiple)
            analyzed = network.analyze(as_float(hr[:, :, high, wide])).coefficients
            coefficients[:, :, part.own[0], part.own[1]] = analyzed[:, :, part.inner[0], part.inner[1]]
        return Analysis(coefficients, network.choose_steps(coefficients))


class Restorer:
    """A network's way from coefficients to photographs.

    Args:
        network: in eval mode from here on.
        precision: of the network's arithmetic.

    Raises:
        HyperthumbError: for a precision that it cannot run in.
    """

    precisions: ClassVar[tuple[Precision, ...]] = ("fp32",)

    def __init__(self, network: RescalingNetwork, precision: Precision = "fp32") -> None:
        if precision not in ("fp32", "bf16"):
            raise HyperthumbError(f'the precision is fp32 or bf16, not "{precision}"')
        if precision not in self.precisions:
            raise HyperthumbError(f"{type(network).__name__} restores in fp32 only, not in {precision}")
        self.network = network.eval()

    @torch.inference_mode()
    def restore(
        self, coefficients: Tensor, tables: Tensor, height: int, width: int, tile: int | None = None
    ) -> np.ndarray:
        """The photograph from what a file holds.

        Args:
            coefficients: (1, 3, h/8, w/8, 8, 8) integers on the network's device.
            tables: (1, 2, 8, 8) integers on the network's device.
            height: the photograph's rows; what the network makes beyond them is cut off.
            width: its columns.
            tile: as for `Analyzer.analyze`.

        Returns:
            uint8 (height, width, 3).

        Raises:
            HyperthumbError: for a tile without rows.
        """
        _check_tile(tile)
        picture = np.empty((height, width, 3), np.uint8)
        self._run(coefficients, tables, picture, tile)
        return picture

    def _run(self, coefficients: Tensor, tables: Tensor, picture: np.ndarray, tile: int | None) -> None:
        """Fills the picture."""
        multiple = self.network.multiple
        for part in _tiles(self.network, coefficients.shape[2:4], tile):
            restored = self.network.restore(coefficients[:, :, part.seen[0], part.seen[1]], tables)
            place = picture[scaled(part.own, multiple)]  # without the padding
            place[:] = to_picture(restored)[scaled(part.inner, multiple)][: place.shape[0], : place.shape[1]]


def as_float(hr: Tensor) -> Tensor:
    """RGB in 0..1, from that or from uint8 in 0..255."""
    return hr.float() / 255 if hr.dtype == torch.uint8 else hr


def _tiles(network: RescalingNetwork, size: Sequence[int], tile: int | None) -> list[Tile]:
    """Tiles of a photograph of so many rows and columns of blocks: one where the network needs the whole."""
    if network.tile_margin is None:
        return list(cover(size, None, 0))
    return list(cover_small(size, network.multiple, TILE if tile is None else tile, network.tile_margin))


def _check_tile(tile: int | None) -> None:
    if tile is not None and tile < 1:
        raise HyperthumbError(f"a tile has 1 row or more, not {tile}")
