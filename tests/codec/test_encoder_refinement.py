"""Refining the encoder for one photograph: the objective falls, and nothing but this photograph's file changes."""

from __future__ import annotations

import pytest
import torch

from hyperthumb.archs.rivals.irn import IRN
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.limits import Refinement, find_refinement
from hyperthumb.codec import encoder_refinement
from hyperthumb.codec.encoder_refinement import refine
from hyperthumb.models.contract import Analysis
from tests.support import photograph, tiny_network

RATE_SCALE = 1.3


@pytest.fixture
def network():
    return tiny_network()


@pytest.fixture
def fast_learning(monkeypatch):
    """A learning rate that suits the tiny network's random weights and a few steps."""
    monkeypatch.setattr(encoder_refinement, "_LEARNING_RATE", 2e-3)


def pixels(height: int = 75, width: int = 98) -> torch.Tensor:
    return torch.from_numpy(photograph(height, width)).permute(2, 0, 1).unsqueeze(0)


def analyze(network, hr: torch.Tensor) -> Analysis:
    padding = (0, -hr.shape[3] % 32, 0, -hr.shape[2] % 32)
    return network.analyze(torch.nn.functional.pad(hr.float() / 255, padding, mode="replicate"))


def cost(network, analysis: Analysis, hr: torch.Tensor) -> tuple[float, float]:
    """The restored picture's mean squared error, and the estimated bits."""
    batch = network.quantize(analysis, RATE_SCALE)
    restored = network.restore(batch.coefficients, batch.tables)[..., : hr.shape[2], : hr.shape[3]]
    return float(((restored - hr.float() / 255) ** 2).mean()), float(batch.bits)


def test_the_objective_falls_with_the_steps(network, fast_learning):
    hr = pixels()
    analysis = analyze(network, hr)
    mse, bits = cost(network, analysis, hr)
    costs = [cost(network, refine(network, None, hr, analysis, RATE_SCALE, steps), hr) for steps in (4, 16)]
    scores = [a / mse + b / bits for a, b in [(mse, bits), *costs]]
    assert scores == sorted(scores, reverse=True)
    assert scores[2] < 0.99 * scores[0]


def test_decoder_and_rate_model_of_the_copy_keep_their_weights(network, fast_learning, monkeypatch):
    made = []
    adaptable = type(network).adaptable
    monkeypatch.setattr(
        type(network), "adaptable", lambda self, rate_scale: made.append(adaptable(self, rate_scale)) or made[-1]
    )
    hr = pixels()
    refine(network, None, hr, analyze(network, hr), RATE_SCALE, 2)
    for part in ("decoder", "rate"):
        pairs = zip(getattr(made[0], part).parameters(), getattr(network, part).parameters(), strict=True)
        assert all(torch.equal(*pair) for pair in pairs)
    for part, own in ((made[0].encoder, network.encoder), (made[0].quantization.tables, network.quantization)):
        assert not all(torch.equal(*pair) for pair in zip(part.parameters(), own.parameters(), strict=True))


def test_the_network_stays_as_it_is_and_the_same_photograph_gives_the_same_file(network, fast_learning):
    network.train().requires_grad_(True)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    hr = pixels()
    with torch.inference_mode():  # as the codec's analyses are made
        analysis = analyze(network, hr)
        first = refine(network, None, hr, analysis, RATE_SCALE, 3)
    torch.manual_seed(5)
    again = refine(network, None, hr.float() / 255, analysis, RATE_SCALE, 3)
    assert not torch.equal(first.coefficients, analysis.coefficients)
    assert all(torch.equal(*pair) for pair in zip(first, again, strict=True))
    assert network.training
    assert all(value.grad is None and value.requires_grad for value in network.parameters())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_separate_rate_model_does_the_same(network, fast_learning):
    hr = pixels()
    analysis = analyze(network, hr)
    expected = refine(network, None, hr, analysis, RATE_SCALE, 3)
    rate_model = network.detach_rate_model()
    refined = refine(network, rate_model, hr, analysis, RATE_SCALE, 3)
    assert all(torch.equal(*pair) for pair in zip(refined, expected, strict=True))
    with pytest.raises(HyperthumbError, match="the encoder of a model without a rate model cannot be refined"):
        refine(network, None, hr, analysis, RATE_SCALE, 3)


def test_a_result_that_is_worse_is_not_taken(network, monkeypatch):
    monkeypatch.setattr(encoder_refinement, "_LEARNING_RATE", 1.0)
    hr = pixels()
    analysis = analyze(network, hr)
    assert refine(network, None, hr, analysis, RATE_SCALE, 2) is analysis


def test_what_cannot_be_refined_gives_a_message(network, monkeypatch):
    hr = pixels()
    analysis = analyze(network, hr)
    with pytest.raises(HyperthumbError, match="1 step or more, not 0"):
        refine(network, None, hr, analysis, 1.0, 0)
    with pytest.raises(HyperthumbError, match="the encoder of IRN cannot be refined: it lacks `adaptable`"):
        refine(IRN(4), None, hr, analysis, 1.0, 1)
    monkeypatch.setattr(encoder_refinement, "_MAX_PIXELS", 75 * 98 - 1)
    with pytest.raises(HyperthumbError, match="at most 7,349 pixels, and this one is 98x75; refine coefficients"):
        refine(network, None, hr, analysis, 1.0, 1)
    network.encoder = None
    with pytest.raises(HyperthumbError, match="a network of scale 1 has no encoder"):
        network.adaptable(1.0)


def test_wishes_for_refining():
    assert find_refinement(0) is None
    assert find_refinement("best") == Refinement(150)
    assert find_refinement({"steps": 25}) == find_refinement(25) == Refinement(25, "coefficients")
    assert find_refinement({"what": "encoder", "steps": 100}) == Refinement(100, "encoder")
    assert [str(Refinement(25)), str(Refinement(100, "encoder"))] == ["25", "encoder:100"]
    for wrong in ({"what": "decoder", "steps": 1}, {"what": "encoder"}, {"steps": 0}, {"steps": 1, "lr": 1}):
        with pytest.raises(HyperthumbError, match="with what: coefficients or encoder, not "):
            find_refinement(wrong)
