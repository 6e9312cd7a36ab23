"""A rescaling network (such as IRN) around an ordinary JPEG file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import torch

from hyperthumb.base.component import Component
from hyperthumb.base.constraints import Count, CountOrZero, Existing
from hyperthumb.base.errors import OptionsError
from hyperthumb.base.limits import Device
from hyperthumb.base.registry import ARCHS, BASELINES, PartOf
from hyperthumb.base.signature import Settings
from hyperthumb.images.padding import pad_to_multiple
from hyperthumb.images.pixels import to_picture, to_tensor
from hyperthumb.images.tiles import OVERLAP, TILE, cover, cover_small, map_tiles
from hyperthumb.models.build import build_network, load_checkpoint, resolve_device
from hyperthumb.models.contract import PixelNetwork

from .complexity import Complexity, measure_complexity
from .pillow_jpeg import JpegSettings, PillowJpeg


@dataclass(frozen=True)
class TileSettings(Settings):
    """How photographs are cut up for a network, in HR pixels; see `NetworkJpeg`."""

    tile: Count | None = TILE
    overlap: CountOrZero = OVERLAP


@BASELINES.register()
class NetworkJpeg(PillowJpeg):
    """A rescaling network around a real JPEG file of 8-bit pixels, with or without chroma subsampling.

    Sides are padded by replication to multiples of the scale and no further. To measure the same network with the
    project's own 4:4:4 files, whose coefficients come from unrounded pixels, use `network_g` instead.

    Args:
        scale: the factor.
        network: one of `IRN`, `HCFlow`, `SAIN`, `ComCNN`, or another `PixelNetwork`; the quality that it was trained
            for has no effect here.
        checkpoint: the network's weights, from our training or from the official repository.
        param_key: which weights of the file to load; `auto` takes `params_ema` if the file has them.
        thumbnail: the file's format, `jpeg` or `png`; IRN, HCFlow and SAIN were made for lossless thumbnails.
        quality: libjpeg's 1..100; the paper uses 96.
        subsampling: chroma, "4:4:4", "4:2:2" or "4:2:0"; the paper uses 4:2:0.
        optimize: write Huffman tables that are optimal for the picture.
        name: the row's name; None derives it from the network's type and the file's settings.
        tile: the largest tile side in HR pixels. A photograph with a side longer than `tile + 2 * overlap` is processed
            in tiles. None never uses tiles.
        overlap: HR pixels beyond its own area that a tile sees on each side.
        device: where the network runs; `run_test.py` supplies its own.

    Raises:
        OptionsError: when the network is not a `PixelNetwork`.
        HyperthumbError: when the quality or the subsampling does not exist.
        CheckpointError: when the checkpoint cannot be read, or does not fit.
    """

    def __init__(
        self,
        scale: int,
        network: Annotated[Component, PartOf(ARCHS)],
        checkpoint: Annotated[Path, Existing()],
        param_key: Literal["params_ema", "params", "auto"] = "auto",
        jpeg: JpegSettings = JpegSettings(),
        name: str | None = None,
        tiles: TileSettings = TileSettings(),
        device: Device = "auto",
    ) -> None:
        self.scale, self.jpeg, self.tiles, self.suffix = scale, jpeg, tiles, jpeg.suffix
        built = build_network(network, scale)
        if not isinstance(built, PixelNetwork):
            raise OptionsError(f"{network.type} is not a network that stores pixels only; measure it as network_g")
        load_checkpoint(built, checkpoint, param_key)
        self.name = name or f"{network.type} & {jpeg}"
        self.checkpoint = checkpoint
        self.device = resolve_device(device)
        self.network = built.eval().requires_grad_(False).to(self.device)

    def complexity(self) -> Complexity:
        return measure_complexity(self.network)

    @torch.inference_mode()
    def downscale(self, image: np.ndarray) -> np.ndarray:
        padded = pad_to_multiple(image, self.scale)

        def shrink(part: np.ndarray) -> np.ndarray:
            return to_picture(self.network.downscale(to_tensor(part, self.device)).image)

        tiles = cover(padded.shape[:2], self.tiles.tile, self.tiles.overlap, self.scale)
        return map_tiles(padded, tiles, shrink, down=self.scale)

    @torch.inference_mode()
    def upscale(self, thumbnail: np.ndarray, height: int, width: int) -> np.ndarray:
        def enlarge(part: np.ndarray) -> np.ndarray:
            return to_picture(self.network.upscale(to_tensor(part, self.device)).image)

        tiles = cover_small(thumbnail.shape[:2], self.scale, self.tiles.tile, self.tiles.overlap)
        return map_tiles(thumbnail, tiles, enlarge, up=self.scale)[:height, :width]
