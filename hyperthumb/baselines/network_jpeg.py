""" "IRN & JPEG" and its like: a network's thumbnail in an ordinary JPEG, and the network's picture from that."""

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
from hyperthumb.images.pixels import pad_to_multiple, to_picture, to_tensor
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
    """A rival's network around a real JPEG file of 8-bit pixels, with subsampled chroma or without.

    Sides that the scale does not divide are padded by replication; no more than that, so that the file shows what the
    network made. `network_g` instead, with the same network, measures the project's own 4:4:4 files of unrounded
    coefficients.

    Args:
        scale: the factor.
        network: one of `IRN`, `HCFlow`, `SAIN`, `ComCNN`, or another `PixelNetwork`; the quality that it was trained
            for has no effect here.
        checkpoint: its weights, of ours or of the official repository.
        param_key: which weights of the file; `auto` takes `params_ema` when it is there.
        quality: libjpeg's 1..100; the paper's rows of rivals are 96.
        subsampling: chroma, "4:4:4", "4:2:2" or "4:2:0"; there 4:2:0.
        optimize: Huffman tables made for the picture.
        name: of the row; None makes one of the network's type and the file's settings.
        tile: photographs that are longer than this with two overlaps, on either side, are worked on in tiles of at most
            so many HR pixels a side; None works on every one whole.
        overlap: HR pixels that a tile sees beyond its own on each side.
        device: where the network runs; `run_test.py` supplies its own.

    Raises:
        OptionsError: when the network is of another kind.
        HyperthumbError: for a quality or a subsampling that does not exist.
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
        self.scale, self.jpeg, self.tiles = scale, jpeg, tiles
        built = build_network(network, scale)
        if not isinstance(built, PixelNetwork):
            raise OptionsError(f"{network.type} stores more than pixels; measure it as network_g")
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
