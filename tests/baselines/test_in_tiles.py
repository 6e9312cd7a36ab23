"""Baselines score the same in tiles as on the whole photograph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hyperthumb.base.component import Component
from hyperthumb.base.registry import DECODERS
from hyperthumb.baselines import BicubicJpeg, BicubicJpegNetwork, NetworkJpeg, bicubic_jpeg
from hyperthumb.baselines.network_jpeg import TileSettings
from hyperthumb.metrics import psnr
from tests.archs.rivals.instances import TINY, tiny_rival
from tests.support import photograph

PHOTOGRAPH = photograph(121, 190)
ENLARGERS = {
    "EDSR": {"num_in_ch": 3, "num_out_ch": 3, "num_feat": 8, "num_block": 2},
    "SwinIR": {
        "img_size": 16, "window_size": 4, "embed_dim": 8, "depths": [2, 2], "num_heads": [2, 2], "mlp_ratio": 2,
        "upsampler": "pixelshuffle", "img_range": 1.0,
    },
}  # fmt: skip


def rival(name: str, folder: Path, tile: int | None, overlap: int) -> NetworkJpeg | BicubicJpegNetwork:
    path = folder / f"{name}.pth"
    if name in TINY:
        torch.save(tiny_rival(name).state_dict(), path)
        return NetworkJpeg(4, Component(name, TINY[name][1]), path, tiles=TileSettings(tile, overlap), device="cpu")
    torch.manual_seed(0)
    component = Component(name, ENLARGERS[name])
    torch.save(component.build(DECODERS, scale=4).state_dict(), path)
    return BicubicJpegNetwork(4, component, path, multiple=8, tiles=TileSettings(tile, overlap), device="cpu")


@pytest.mark.parametrize("name", [*TINY, *ENLARGERS])
def test_tiles_score_the_same_as_the_whole_picture(name, tmp_path):
    whole, tiled = rival(name, tmp_path, None, 0), rival(name, tmp_path, 64, 32)
    thumbnail = whole.downscale(PHOTOGRAPH)
    assert psnr(thumbnail, tiled.downscale(PHOTOGRAPH)) > 60
    restored, in_tiles = whole.upscale(thumbnail, 121, 190), tiled.upscale(thumbnail, 121, 190)
    assert restored.shape == in_tiles.shape == PHOTOGRAPH.shape
    assert abs(psnr(in_tiles, PHOTOGRAPH) - psnr(restored, PHOTOGRAPH)) < 0.01
    assert psnr(restored, in_tiles) > 60


def test_without_a_margin_seams_differ(tmp_path):
    whole, bare = rival("IRN", tmp_path, None, 0), rival("IRN", tmp_path, 96, 0)
    thumbnail = whole.downscale(PHOTOGRAPH)
    differing = (whole.upscale(thumbnail, 121, 190) != bare.upscale(thumbnail, 121, 190)).any(2)
    assert differing.any()
    assert not differing[:32, :32].any()  # far from every seam


@pytest.mark.parametrize("name", ["ComCNN", "SwinIR"])
def test_no_tile_exceeds_the_size_limit(name, tmp_path, monkeypatch):
    """The size of a network's input determines the memory that it needs."""
    tiled = rival(name, tmp_path, 64, 16)
    sizes = []
    for method in ("downscale", "upscale") if name in TINY else ("forward",):
        run = getattr(tiled.network, method)

        def seen(part, run=run, factor=1 if method == "downscale" else 4):
            sizes.append(factor**2 * part.shape[2] * part.shape[3])
            return run(part)

        monkeypatch.setattr(tiled.network, method, seen)
    tiled.upscale(tiled.downscale(PHOTOGRAPH), 121, 190)
    assert len(sizes) >= 3  # there are several tiles
    multiple = 32  # SwinIR's windows round up
    assert max(sizes) <= (64 + 2 * 16 + 3 * multiple) ** 2


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_bicubic_in_tiles_equals_the_whole_picture(scale, monkeypatch):
    picture = np.random.default_rng(scale).integers(0, 256, (101, 147, 3), dtype=np.uint8)
    bicubic = BicubicJpeg(scale)
    small = bicubic.downscale(picture)
    large = bicubic.upscale(small, 101, 147)
    monkeypatch.setattr(bicubic_jpeg, "_TILE", 24)
    np.testing.assert_array_equal(bicubic.downscale(picture), small)
    np.testing.assert_array_equal(bicubic.upscale(small, 101, 147), large)
