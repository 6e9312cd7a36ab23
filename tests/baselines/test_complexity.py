"""Multiply-adds and parameters, against a count by hand."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from hyperthumb.archs import HyperThumbnail
from hyperthumb.base.limits import Refinement
from hyperthumb.baselines.complexity import measure_complexity
from hyperthumb.codec import encoder_refinement
from hyperthumb.codec.refinement import refine
from hyperthumb.models.contract import Analysis, CompressedBatch, RescalingNetwork
from tests.support import tiny_network


class OneLayer(RescalingNetwork):
    """A strided convolution down, a transposed one up; a rate model of one number."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = 4
        self.down = torch.nn.Conv2d(3, 3, 4, stride=4)
        self.up = torch.nn.ConvTranspose2d(3, 3, 4, stride=4, bias=False)
        self.rate = torch.nn.Linear(1, 1, bias=False)

    def forward(self, hr):
        raise NotImplementedError

    def analyze(self, hr):
        return Analysis(self.down(hr), torch.ones(1))

    def quantize(self, analysis, rate_scale=1.0):
        return CompressedBatch(analysis.coefficients, analysis.steps, None)

    def restore(self, coefficients, tables):
        return self.up(coefficients)

    def rate_parameters(self):
        return iter(self.rate.parameters())


def test_by_hand():
    found = measure_complexity(OneLayer())
    assert found.parameters == (3 * 3 * 16 + 3) + 3 * 3 * 16
    assert found.kmacs_encode == 9 / 1000  # 3 * 3 * 16 for each of 1/16 of the pixels
    assert found.kmacs_decode == 9 / 1000


def test_a_network_of_ours():
    network = tiny_network()
    found = measure_complexity(network)
    rate = sum(parameter.numel() for parameter in network.rate.parameters())
    assert found.parameters == sum(parameter.numel() for parameter in network.parameters()) - rate
    assert rate > 0
    assert found.kmacs_decode > 0


def test_refining_counts_as_encoding(monkeypatch):
    network = tiny_network()
    plain, refined = measure_complexity(network), measure_complexity(network, Refinement(3))
    assert (refined.parameters, refined.kmacs_decode) == (plain.parameters, plain.kmacs_decode)

    passes = []
    decode = HyperThumbnail.decode
    monkeypatch.setattr(HyperThumbnail, "decode", lambda *arguments: passes.append(1) or decode(*arguments))
    hr = torch.rand(1, 3, 32, 32)
    refine(network, hr, network.analyze(hr), 1.0, 3)
    expected = plain.kmacs_encode + (len(passes) + 3) * plain.kmacs_decode  # there, and three times back
    assert refined.kmacs_encode == pytest.approx(expected, abs=0.02)


def test_refining_the_encoder_counts_as_encoding():
    network = tiny_network()
    plain, refined = measure_complexity(network), measure_complexity(network, Refinement(3, "encoder"))
    hr = torch.rand(1, 3, 256, 256)
    analysis = network.analyze(hr)
    with FlopCounterMode(display=False) as counter:
        encoder_refinement.refine(network, None, hr, analysis, 1.0, 3)
    counted = counter.get_total_flops() / 2 / 256**2 / 1000
    assert refined.kmacs_encode == pytest.approx(plain.kmacs_encode + counted, rel=0.1)
