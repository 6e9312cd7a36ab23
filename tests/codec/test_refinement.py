"""Refinement: nearer to the photograph in fewer bytes, and nothing else changes."""

from __future__ import annotations

import math

import pytest
import torch

from hyperthumb.archs.hyperthumbnail import HyperThumbnail
from hyperthumb.archs.rivals.irn import IRN
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.codec import refinement
from hyperthumb.codec.refinement import refine
from hyperthumb.jpeg.file import JpegThumbnail, write_jpeg
from hyperthumb.jpeg.quantize import integer_tables, per_plane
from hyperthumb.models.contract import Analysis
from tests.support import photograph, tiny_network

RATE_SCALE = 1.3


@pytest.fixture
def network():
    return tiny_network()


def pixels(height: int = 64, width: int = 96) -> torch.Tensor:
    return torch.from_numpy(photograph(height, width)).permute(2, 0, 1).unsqueeze(0)


def cost(network: HyperThumbnail, analysis: Analysis, hr: torch.Tensor) -> tuple[float, int]:
    """The restored picture's mean squared error, and the file's bytes."""
    batch = network.quantize(analysis, RATE_SCALE)
    restored = network.restore(batch.coefficients, batch.tables)[..., : hr.shape[2], : hr.shape[3]]
    height, width = (8 * side for side in batch.coefficients.shape[2:4])
    file = JpegThumbnail(batch.coefficients[0].numpy(), batch.tables[0].numpy(), height, width)
    return float(((restored - hr.float() / 255) ** 2).mean()), len(write_jpeg(file))


def test_the_picture_comes_nearer_in_fewer_bytes(network):
    hr = pixels(128, 160)
    analysis = network.analyze(hr.float() / 255)
    mse, size = cost(network, analysis, hr)
    costs = [cost(network, refine(network, hr, analysis, RATE_SCALE, steps), hr) for steps in (10, 40)]
    assert costs[0][0] < mse
    assert costs[0][1] < size
    scores = [a / mse + b / size for a, b in [(mse, size), *costs]]
    assert scores == sorted(scores, reverse=True)


def test_bits_weigh_what_coarser_tables_pay_for_them():
    saved = 1000 / 1.1
    assert refinement.weigh((0.2, 0.2 * 1.1**0.7), (1000, saved)) == pytest.approx((5, 0.7e-3))
    low, high = refinement._SLOPES
    assert refinement.weigh((0.2, 0.1), (1000, saved)).bit == pytest.approx(low / 1000)
    assert refinement.weigh((0.2, 0.3), (1000, 1000)).bit == pytest.approx(high / 1000)
    assert math.isfinite(refinement.weigh((0.0, 0.0), (1000, 900)).error)


def test_refined_coefficients_are_exact_integers_and_repeatable(network):
    hr = pixels()
    with torch.inference_mode():  # as the codec's analyses are made
        analysis = network.analyze(hr.float() / 255)
        refined = refine(network, hr, analysis, RATE_SCALE, 12)
    whole = refined.coefficients / per_plane(integer_tables(analysis.steps * RATE_SCALE))
    quantized = network.quantize(refined, RATE_SCALE).coefficients
    assert torch.equal(quantized.float(), torch.round(whole))
    assert (whole - torch.round(whole)).abs().max() < 1e-4
    assert not torch.equal(quantized, network.quantize(analysis, RATE_SCALE).coefficients)
    assert torch.equal(refined.steps, analysis.steps)
    again = refine(network, hr.float() / 255, analysis, RATE_SCALE, 12)
    assert torch.equal(again.coefficients, refined.coefficients)


def test_refining_does_not_change_the_network(network):
    network.train().requires_grad_(True)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    hr = pixels()
    refine(network, hr, network.analyze(hr.float() / 255), 1.0, 2)
    assert network.training
    assert all(value.grad is None and value.requires_grad for value in network.parameters())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_step_that_worsens_the_picture_is_not_taken(network, monkeypatch):
    monkeypatch.setattr(refinement, "_LEARNING_RATE", 300.0)
    hr = pixels()
    analysis = network.analyze(hr.float() / 255)
    refined = refine(network, hr, analysis, RATE_SCALE, 2)
    before, after = (network.quantize(each, RATE_SCALE).coefficients for each in (analysis, refined))
    assert torch.equal(before, after)


def test_windows_do_about_what_the_whole_does_and_bound_what_is_decoded(network, monkeypatch):
    hr = pixels(131, 170)
    padded = torch.nn.functional.pad(hr.float() / 255, (0, 22, 0, 29), mode="replicate")
    analysis = network.analyze(padded)
    mse, size = cost(network, analysis, hr)
    monkeypatch.setattr(refinement, "_TILE_PIXELS", 128 * 128)
    monkeypatch.setattr(refinement, "_MARGIN", 1)
    decode, sizes = HyperThumbnail.decode, []
    monkeypatch.setattr(
        HyperThumbnail, "decode", lambda self, blocks: sizes.append(blocks.shape[2:4]) or decode(self, blocks)
    )
    refined = refine(network, hr, analysis, RATE_SCALE, 8)
    assert max(rows * columns for rows, columns in sizes) * 32**2 <= 128 * 128
    refined_mse, refined_size = cost(network, refined, hr)
    assert refined_mse / mse + refined_size / size < 1.98


def test_it_stops_when_nothing_moves(network, monkeypatch):
    hr = torch.full((1, 3, 64, 64), 128, dtype=torch.uint8)
    blank = network.analyze(hr.float() / 255)
    analysis = Analysis(torch.zeros_like(blank.coefficients), blank.steps)
    grey = network.restore(analysis.coefficients, torch.ones(1, 2, 8, 8))
    decode, calls = HyperThumbnail.decode, []
    monkeypatch.setattr(HyperThumbnail, "decode", lambda self, blocks: calls.append(1) or decode(self, blocks))
    refined = refine(network, grey, analysis, RATE_SCALE, 500)
    assert torch.equal(refined.coefficients, analysis.coefficients)
    assert len(calls) < 30


def test_tiles_cover_each_block_once(monkeypatch):
    monkeypatch.setattr(refinement, "_TILE_PIXELS", 20 * 20 * 32 * 32)
    times = torch.zeros(33, 47)
    for tile in refinement._tiles(33, 47, 32, 5):
        times[tile.own] += 1
        assert times[tile.seen].numel() <= 20 * 20
    assert (times == 1).all()


def test_a_model_that_cannot_be_refined_for_gives_a_message(network):
    hr = pixels()
    analysis = network.analyze(hr.float() / 255)
    with pytest.raises(HyperthumbError, match="1 step or more, not 0"):
        refine(network, hr, analysis, 1.0, 0)
    network.decoder = None
    with pytest.raises(HyperthumbError, match="a network of scale 1 has no decoder"):
        refine(network, hr, analysis, 1.0, 1)
    with pytest.raises(HyperthumbError, match="thumbnails of IRN cannot be refined"):
        refine(IRN(4), hr, analysis, 1.0, 1)
