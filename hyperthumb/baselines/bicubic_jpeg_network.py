"""Bicubic & JPEG & a network: a super-resolution network (such as EDSR) enlarges the decoded thumbnail."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from hyperthumb.base.component import Component
from hyperthumb.base.constraints import Count, Existing
from hyperthumb.base.limits import Device
from hyperthumb.base.registry import BASELINES, DECODERS, PartOf
from hyperthumb.models.build import build_enlarger
from hyperthumb.models.weights import choose_weights, load_weights, read_safely

from .enlarging import Enlarging
from .network_jpeg import TileSettings
from .pillow_jpeg import JpegSettings


@BASELINES.register()
class BicubicJpegNetwork(Enlarging):
    """Antialiased bicubic down, a JPEG from libjpeg, and a network that enlarges the decoded JPEG.

    Args:
        scale: the factor.
        network: maps (B, 3, h, w) RGB in 0..1 to (B, 3, scale h, scale w): a decoder of ours without the frequency
            branch, or one of BasicSR's, such as `{type: EDSR, num_in_ch: 3, num_out_ch: 3}` and
            `{type: SwinIR, img_size: 48, window_size: 8, upsampler: pixelshuffle, ...}`.
        checkpoint: the network's weights, such as those that its authors published.
        param_key: which weights of the file to load; `auto` takes `params_ema` if the file has them.
        multiple: the network's input is padded by replication to multiples of this; SwinIR needs its window size.
        thumbnail: the file's format, `jpeg` or `png`.
        quality: libjpeg's 1..100.
        subsampling: chroma, "4:4:4", "4:2:2" or "4:2:0".
        optimize: write Huffman tables that are optimal for the picture.
        tile: the largest tile side in HR pixels. A photograph with a side longer than `tile + 2 * overlap` is enlarged
            in tiles. None never uses tiles.
        overlap: HR pixels beyond its own area that a tile sees on each side. Tiles begin at multiples of `multiple`.
        device: where the network runs.

    Raises:
        OptionsError: when the network needs coefficients.
        CheckpointError: when the checkpoint cannot be read, or does not fit.
    """

    def __init__(
        self,
        scale: int,
        network: Annotated[Component, PartOf(DECODERS)],
        checkpoint: Annotated[Path, Existing()],
        param_key: Literal["params_ema", "params", "auto"] = "auto",
        multiple: Count = 1,
        jpeg: JpegSettings = JpegSettings(),
        tiles: TileSettings = TileSettings(),
        device: Device = "auto",
    ) -> None:
        built = build_enlarger(network, scale)
        load_weights(built, choose_weights(read_safely(checkpoint), param_key, checkpoint), checkpoint)
        super().__init__(scale, built, jpeg, tiles, multiple, device)
        self.name = f"Bicubic & {jpeg} & {network.type}"
        self.checkpoint = checkpoint
