"""The base of methods in which a super-resolution network enlarges the decoded thumbnail."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.limits import Device
from hyperthumb.images.padding import pad_to_multiple
from hyperthumb.images.pixels import to_picture, to_tensor
from hyperthumb.images.tiles import cover_small, map_tiles
from hyperthumb.models.build import resolve_device

from .bicubic_jpeg import BicubicJpeg
from .complexity import Complexity, measure_enlarger
from .network_jpeg import TileSettings
from .pillow_jpeg import JpegSettings


class Enlarging(BicubicJpeg):
    """Antialiased bicubic down, a file of 8-bit pixels, and a network that enlarges them, in tiles.

    Args:
        scale: the factor.
        network: maps (B, 3, h, w) RGB in 0..1 to (B, 3, scale h, scale w).
        jpeg: settings of the file.
        tiles: in which the network enlarges.
        multiple: the network's input is padded by replication to multiples of this.
        device: where the network runs.
    """

    def __init__(
        self, scale: int, network: nn.Module, jpeg: JpegSettings, tiles: TileSettings, multiple: int, device: Device
    ) -> None:
        super().__init__(scale, jpeg)
        self.multiple, self.tiles = multiple, tiles
        self.device = resolve_device(device)
        self.network = network.eval().requires_grad_(False).to(self.device)

    def complexity(self) -> Complexity:
        return measure_enlarger(self.network, self.scale)

    @torch.inference_mode()
    def upscale(self, thumbnail: np.ndarray, height: int, width: int) -> np.ndarray:
        padded = pad_to_multiple(thumbnail, self.multiple)
        tiles = cover_small(padded.shape[:2], self.scale, self.tiles.tile, self.tiles.overlap, self.multiple)
        return map_tiles(padded, tiles, self._enlarge, up=self.scale)[:height, :width]

    def _enlarge(self, part: np.ndarray) -> np.ndarray:
        restored = to_picture(self.network(to_tensor(part, self.device)))
        if restored.shape[:2] != tuple(side * self.scale for side in part.shape[:2]):
            raise HyperthumbError(
                f"{type(self.network).__name__} enlarges a thumbnail of {part.shape[1]}x{part.shape[0]} to "
                f"{restored.shape[1]}x{restored.shape[0]}; at scale {self.scale} it must enlarge it {self.scale} times"
            )
        return restored
