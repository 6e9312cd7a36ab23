"""Refinement: nearer to the photograph at the same bits, and nothing else changes."""

from __future__ import annotations

import pytest
import torch

from hyperthumb.archs.hyperthumbnail import HyperThumbnail
from hyperthumb.archs.rivals.irn import IRN
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.codec import refinement
from hyperthumb.codec.refinement import refine
from hyperthumb.jpeg.quantize import integer_tables, per_plane
from hyperthumb.models.contract import Analysis
from tests.support import photograph, tiny_network

RATE_SCALE = 1.3


@pytest.fixture
def network():
    return tiny_network()


def pixels(height: int = 64, width: int = 96) -> torch.Tensor:
    return torch.from_numpy(photograph(height, width)).permute(2, 0, 1).unsqueeze(0)


def cost(network: HyperThumbnail, analysis: Analysis, hr: torch.Tensor) -> tuple[float, float]:
    """The restored picture's mean squared error, and estimated bits."""
    batch = network.quantize(analysis, RATE_SCALE)
    restored = network.restore(batch.coefficients, batch.tables)[..., : hr.shape[2], : hr.shape[3]]
    return float(((restored - hr.float() / 255) ** 2).mean()), float(batch.bits)


def test_the_picture_comes_nearer_at_no_more_bits(network):
    hr = pixels()
    analysis = network.analyze(hr.float() / 255)
    mse, bits = cost(network, analysis, hr)
    refined_mse, refined_bits = cost(network, refine(network, hr, analysis, RATE_SCALE, 25), hr)
    assert refined_mse < 0.98 * mse
    assert refined_bits < 1.01 * bits


def test_the_integers_are_exact_and_the_same_each_time(network):
    hr = pixels()
    with torch.inference_mode():  # as the codec's analyses are made
        analysis = network.analyze(hr.float() / 255)
        refined = refine(network, hr, analysis, RATE_SCALE, 3)
    whole = refined.coefficients / per_plane(integer_tables(analysis.steps * RATE_SCALE))
    quantized = network.quantize(refined, RATE_SCALE).coefficients
    assert torch.equal(quantized.float(), torch.round(whole))
    assert (whole - torch.round(whole)).abs().max() < 1e-4
    assert not torch.equal(quantized, network.quantize(analysis, RATE_SCALE).coefficients)
    assert torch.equal(refined.steps, analysis.steps)
    again = refine(network, hr.float() / 255, analysis, RATE_SCALE, 3)
    assert torch.equal(again.coefficients, refined.coefficients)


def test_the_network_stays_as_it_is(network):
    network.train().requires_grad_(True)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    hr = pixels()
    refine(network, hr, network.analyze(hr.float() / 255), 1.0, 2)
    assert network.training
    assert all(value.grad is None and value.requires_grad for value in network.parameters())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_step_that_makes_it_worse_is_not_taken(network, monkeypatch):
    monkeypatch.setattr(refinement, "_LEARNING_RATE", 300.0)
    hr = pixels()
    analysis = network.analyze(hr.float() / 255)
    refined = refine(network, hr, analysis, RATE_SCALE, 2)
    before, after = (network.quantize(each, RATE_SCALE).coefficients for each in (analysis, refined))
    assert torch.equal(before, after)


def test_tiles_do_about_what_the_whole_does(network, monkeypatch):
    hr = pixels(131, 170)
    padded = torch.nn.functional.pad(hr.float() / 255, (0, 22, 0, 29), mode="replicate")
    analysis = network.analyze(padded)
    mse, bits = cost(network, analysis, hr)
    monkeypatch.setattr(refinement, "_TILE_PIXELS", 128 * 128)
    monkeypatch.setattr(refinement, "_MARGIN", 1)
    refined_mse, refined_bits = cost(network, refine(network, hr, analysis, RATE_SCALE, 8), hr)
    assert refined_mse < 0.99 * mse
    assert refined_bits < 1.02 * bits


def test_tiles_cover_each_block_once(monkeypatch):
    monkeypatch.setattr(refinement, "_TILE_PIXELS", 20 * 20 * 32 * 32)
    times = torch.zeros(33, 47)
    for tile in refinement._tiles(33, 47, 32, 5):
        times[tile.own] += 1
        assert times[tile.seen].numel() <= 20 * 20
    assert (times == 1).all()


def test_what_cannot_be_refined_for_is_a_sentence(network):
    hr = pixels()
    analysis = network.analyze(hr.float() / 255)
    with pytest.raises(HyperthumbError, match="1 step or more, not 0"):
        refine(network, hr, analysis, 1.0, 0)
    rate, network.rate = network.rate, None
    with pytest.raises(HyperthumbError, match="takes a rate model"):
        refine(network, hr, analysis, 1.0, 1)
    assert refine(network, hr, analysis, 1.0, 1, rate).coefficients.shape == analysis.coefficients.shape
    network.decoder = None
    with pytest.raises(HyperthumbError, match="a network of scale 1 has no decoder"):
        refine(network, hr, analysis, 1.0, 1, rate)
    with pytest.raises(HyperthumbError, match="thumbnails of IRN cannot be refined"):
        refine(IRN(4), hr, analysis, 1.0, 1)
