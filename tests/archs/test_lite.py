from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from hyperthumb.archs.lite import LiteDecoder
from hyperthumb.images.resize import bicubic_upscale
from tests.archs.parts import TINY, tiny


def test_without_the_frequency_branch_coefficients_are_ignored():
    torch.manual_seed(0)
    rgb, coefficients = torch.rand(1, 3, 16, 24), torch.randn(1, 192, 2, 3) * 50
    for frequency in (True, False):
        decoder = LiteDecoder(4, **TINY, frequency=frequency)
        torch.nn.init.normal_(decoder.conv_last.weight, std=0.1)
        with torch.no_grad():
            restored, without = decoder(rgb, coefficients), decoder(rgb, torch.zeros_like(coefficients))
        assert restored.shape == (1, 3, 64, 96)
        assert torch.equal(restored, without) != frequency
        assert any("inject" in name for name, _ in decoder.named_parameters()) == frequency


def test_the_picture_is_shuffled_once_and_starts_as_the_bicubic_upscale(monkeypatch):
    decoder, rgb = LiteDecoder(4, **TINY), torch.rand(1, 3, 16, 24)
    expected, shuffles, shuffle = bicubic_upscale(rgb, 4), [], F.pixel_shuffle
    monkeypatch.setattr(F, "pixel_shuffle", lambda *arguments: shuffles.append(1) or shuffle(*arguments))
    with torch.no_grad():
        restored = decoder(rgb, torch.randn(1, 192, 2, 3))
    torch.testing.assert_close(restored, expected)
    assert len(shuffles) == 1


def test_without_the_frequency_branch_the_network_trains_and_restores_in_rows():
    torch.manual_seed(0)
    network = tiny(decoder="LiteDecoder of pixels")
    for weights in network.parameters():
        weights.data += torch.randn_like(weights) * 0.02
    hr = torch.rand(1, 3, 160, 64)
    network(hr).restored.sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in network.decoder.parameters())
    network.eval()
    batch = network.compress(hr)
    with torch.no_grad():
        whole = network.restore(batch.coefficients, batch.tables)[0].mul(255).round().permute(1, 2, 0).numpy()
    rows = network.restorer().restore(batch.coefficients, batch.tables, 160, 64, tile=48)
    assert np.abs(rows - whole).max() <= 1
