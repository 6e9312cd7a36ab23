from __future__ import annotations

import pytest
import torch

from hyperthumb.base.errors import OptionsError
from hyperthumb.config import Component, LossesOptions, NamedLoss, OwnLossOptions, RateLossOptions, WeightedLoss
from hyperthumb.models.contract import RescaleOutput
from hyperthumb.training.objective import Objective


def weighted(kind: str, weight: float) -> WeightedLoss:
    return WeightedLoss(Component(kind, {}), weight)


def example() -> tuple[RescaleOutput, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    restored, hr = (torch.rand(2, 3, 32, 64, generator=generator) for _ in range(2))
    thumbnail, reference = (torch.rand(2, 3, 8, 16, generator=generator) for _ in range(2))
    return RescaleOutput(restored, thumbnail, torch.tensor([100.0, 300.0]), None), hr, reference


def test_the_three_terms_of_the_paper_are_weighted():
    output, hr, reference = example()
    options = LossesOptions(weighted("L1Loss", 2.0), weighted("MSELoss", 0.6), RateLossOptions(0.02))
    terms = Objective(options)(output, hr, reference)
    l1 = (output.restored - hr).abs().mean()
    mse = (output.thumbnail - reference).square().mean()
    bpp = 200 / (32 * 64)
    torch.testing.assert_close(terms.total, 2 * l1 + 0.6 * mse + 0.02 * bpp)
    assert terms.named().keys() == {"total", "reconstruction", "guide", "bpp"}


def test_terms_that_are_off_are_absent():
    output, hr, reference = example()
    terms = Objective(LossesOptions(weighted("MSELoss", 1.0), None, None))(output._replace(bits=None), hr, reference)
    assert terms.guide is None
    assert terms.bpp is None
    torch.testing.assert_close(terms.total, terms.reconstruction)


def test_a_rate_term_without_a_rate_model_is_an_error():
    output, hr, reference = example()
    objective = Objective(LossesOptions(weighted("L1Loss", 1.0), None, RateLossOptions(0.02)))
    with pytest.raises(OptionsError, match="no rate model"):
        objective(output._replace(bits=None), hr, reference)


def test_the_loss_of_the_network_is_weighted():
    output, hr, reference = example()
    objective = Objective(LossesOptions(weighted("L1Loss", 1.0), own=OwnLossOptions(0.5)))
    terms = objective(output._replace(network_loss=torch.tensor(3.0)), hr, reference)
    torch.testing.assert_close(terms.total, terms.reconstruction + 1.5)
    assert terms.named()["own"] == 3
    with pytest.raises(OptionsError, match="does not define its own loss"):
        objective(output, hr, reference)


def test_named_terms_follow_the_others_and_are_shown():
    output, hr, reference = example()
    coefficients, tables = torch.randn(2, 3, 1, 2, 8, 8), torch.rand(2, 2, 8, 8)
    output = output._replace(coefficients=coefficients, tables=tables)
    named = {
        "keys": NamedLoss(Component("MSELoss", {}), "restored", 0.5),
        "small": NamedLoss(Component("L1Loss", {}), "thumbnail", 2.0),
        "sparse": NamedLoss(Component("L1Loss", {}), "coefficients", 0.1),
        "fine": NamedLoss(Component("MSELoss", {}), "tables", 0.2),
    }
    plain = Objective(LossesOptions(weighted("L1Loss", 1.0)))(output, hr, reference)
    terms = Objective(LossesOptions(weighted("L1Loss", 1.0), terms=named))(output, hr, reference)
    expected = {
        "keys": (output.restored - hr).square().mean(),
        "small": (output.thumbnail - reference).abs().mean(),
        "sparse": coefficients.abs().mean(),
        "fine": tables.square().mean(),
    }
    shown = terms.named()
    assert shown.keys() == {*plain.named(), *named}
    for name, value in expected.items():
        torch.testing.assert_close(shown[name], value)
    total = sum(named[name].weight * value for name, value in expected.items())
    torch.testing.assert_close(terms.total, plain.total + total)


def test_a_loss_on_what_the_network_lacks_is_refused():
    output, hr, reference = example()
    named = {"sparse": NamedLoss(Component("L1Loss", {}), "coefficients")}
    objective = Objective(LossesOptions(weighted("L1Loss", 1.0), terms=named))
    with pytest.raises(OptionsError, match="sparse needs coefficients, but the network has no such output"):
        objective(output, hr, reference)
