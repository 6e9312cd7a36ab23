"""A network that is known by its weights alone."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from hyperthumb.base.component import Component
from hyperthumb.base.errors import CheckpointError, HyperthumbError, OptionsError
from hyperthumb.base.registry import BASELINES
from hyperthumb.baselines import BicubicJpeg, SuperResolution
from hyperthumb.baselines.pillow_jpeg import JpegSettings
from tests.support import photograph

PHOTOGRAPH = photograph(61, 90)


@pytest.fixture
def network():
    spandrel = pytest.importorskip("spandrel", reason="needs spandrel, of the extra rivals")
    torch.manual_seed(0)
    return spandrel.architectures.SwinIR.SwinIR(
        upscale=4, img_size=16, window_size=8, depths=[2], embed_dim=12, num_heads=[2], mlp_ratio=2,
        upsampler="pixelshuffledirect", resi_connection="1conv",
    ).eval()  # fmt: skip


@pytest.fixture
def checkpoint(network, tmp_path):
    path = tmp_path / "swinir.pth"
    torch.save({"params": network.state_dict()}, path)
    return path


def test_restores_with_the_network_of_the_weights(network, checkpoint):
    part = Component("SuperResolution", {"checkpoint": checkpoint, "quality": 90})
    rescaler = part.build(BASELINES, scale=4, device="cpu")
    assert rescaler.name == "Bicubic & JPEG q90 4:2:0 & SwinIR"
    assert rescaler.checkpoint == checkpoint
    data = rescaler.write(rescaler.downscale(PHOTOGRAPH))
    plain = BicubicJpeg(4, JpegSettings(quality=90))
    assert data == plain.write(plain.downscale(PHOTOGRAPH))
    read = rescaler.read(data)
    restored = rescaler.upscale(read, 61, 90)
    assert restored.shape == PHOTOGRAPH.shape
    with torch.no_grad():  # this network pads to its windows itself
        expected = network(torch.tensor(read).permute(2, 0, 1)[None].float() / 255).clamp(0, 1)[0] * 255
    assert np.abs(restored - expected.permute(1, 2, 0).numpy()[:61, :90]).max() <= 0.501


def test_complexity_is_the_networks(network, checkpoint):
    facts = SuperResolution(4, checkpoint, device="cpu").complexity()
    assert facts.parameters == sum(weights.numel() for weights in network.parameters())
    assert facts.kmacs_encode == 0
    assert facts.kmacs_decode > 0.1


def test_unsuitable_checkpoints_are_refused(checkpoint, tmp_path):
    with pytest.raises(OptionsError, match="SwinIR of scale 4, but the thumbnail's is 2"):
        SuperResolution(2, checkpoint)
    torch.save({"params": {"nothing.weight": torch.zeros(3)}}, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match="that spandrel knows"):
        SuperResolution(4, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match="there is no checkpoint"):
        SuperResolution(4, tmp_path / "none.pth")


def test_a_missing_package_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "spandrel", None)
    with pytest.raises(HyperthumbError, match=r"needs the package spandrel: run `pip install 'hyperthumb\[rivals\]'`"):
        SuperResolution(4, tmp_path / "any.pth")
