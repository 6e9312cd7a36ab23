"""A network that enlarges the pixels of an ordinary JPEG."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from hyperthumb.base.errors import CheckpointError, HyperthumbError, OptionsError
from hyperthumb.base.registry import DECODERS
from hyperthumb.baselines import BicubicJpeg, BicubicJpegNetwork
from hyperthumb.baselines.pillow_jpeg import JpegSettings
from hyperthumb.config import Component
from tests.support import photograph

PHOTOGRAPH = photograph(61, 90)
PART = Component("TinyEnlarger", {"num_feat": 8})


@DECODERS.register()
class TinyEnlarger(nn.Sequential):
    """Two convolutions and a PixelShuffle."""

    def __init__(self, scale: int, num_feat: int) -> None:
        super().__init__(
            nn.Conv2d(3, num_feat, 3, padding=1), nn.Conv2d(num_feat, 3 * scale * scale, 1), nn.PixelShuffle(scale)
        )


@pytest.fixture
def checkpoint(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "enlarger.pth"
    torch.save({"params": PART.build(DECODERS, scale=4).state_dict()}, path)
    return path


@pytest.mark.parametrize("multiple", [1, 8])
def test_restores_a_picture_of_odd_size(checkpoint, multiple):
    rescaler = BicubicJpegNetwork(4, PART, checkpoint, multiple=multiple, jpeg=JpegSettings(quality=90), device="cpu")
    assert rescaler.name == "Bicubic & JPEG q90 4:2:0 & TinyEnlarger"
    thumbnail = rescaler.downscale(PHOTOGRAPH)
    data = rescaler.write(thumbnail)
    assert data == BicubicJpeg(4, JpegSettings(quality=90)).write(thumbnail)
    read = rescaler.read(data)
    assert read.shape == (16, 23, 3)
    restored = rescaler.upscale(read, 61, 90)
    assert restored.shape == PHOTOGRAPH.shape

    network = PART.build(DECODERS, scale=4)
    network.load_state_dict(torch.load(checkpoint)["params"])
    padded = np.pad(read, ((0, 0), (0, -23 % multiple), (0, 0)), mode="edge")
    with torch.no_grad():
        expected = network(torch.tensor(padded).permute(2, 0, 1)[None].float() / 255).clamp(0, 1)[0] * 255
    assert np.abs(restored - expected.permute(1, 2, 0).numpy()[:61, :90]).max() <= 0.501


def test_complexity_counts_parameters_and_operations(checkpoint):
    facts = BicubicJpegNetwork(4, PART, checkpoint, device="cpu").complexity()
    parameters = sum(value.numel() for value in PART.build(DECODERS, scale=4).parameters())
    assert (facts.parameters, facts.kmacs_encode) == (parameters, 0)
    assert facts.kmacs_decode == round((3 * 9 * 8 + 8 * 48) / 16 / 1000, 3)


def test_unsuitable_networks_and_checkpoints_are_refused(checkpoint, tmp_path):
    coefficients = Component("LiteDecoder", {"num_feat": 8})
    with pytest.raises(OptionsError, match="needs coefficients"):
        BicubicJpegNetwork(4, coefficients, checkpoint)
    with pytest.raises(CheckpointError, match="there is no checkpoint"):
        BicubicJpegNetwork(4, PART, tmp_path / "none.pth")
    with pytest.raises(CheckpointError, match="does not fit"):
        BicubicJpegNetwork(4, Component("TinyEnlarger", {"num_feat": 16}), checkpoint)
    rescaler = BicubicJpegNetwork(4, PART, checkpoint, device="cpu")
    rescaler.scale = 2
    with pytest.raises(HyperthumbError, match="TinyEnlarger enlarges a thumbnail of 23x16 to 92x64; at scale 2"):
        rescaler.upscale(np.zeros((16, 23, 3), np.uint8), 32, 46)
