from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from hyperthumb.base.errors import OptionsError, OptionsWarning
from hyperthumb.config import (
    Component,
    LossesOptions,
    OptimizerOptions,
    RateLossOptions,
    SchedulerOptions,
    TrainingOptions,
    WeightedLoss,
)
from hyperthumb.models.contract import Analysis, CompressedBatch, RescaleOutput, RescalingNetwork
from hyperthumb.training.optimizers import Optimizers, partition_parameters


class ThreeKinds(RescalingNetwork):
    def __init__(self, with_rate: bool = True) -> None:
        super().__init__()
        self.scale = 1
        self.encoder, self.decoder = nn.Linear(2, 2), nn.Linear(2, 2)
        self.prior = nn.Linear(1, 1) if with_rate else None
        self.quantiles = nn.Parameter(torch.zeros(3)) if with_rate else None

    def rate_parameters(self) -> Iterator[nn.Parameter]:
        return self.prior.parameters() if self.prior else iter(())

    def auxiliary_parameters(self) -> Iterator[nn.Parameter]:
        return iter(() if self.quantiles is None else (self.quantiles,))

    def forward(self, hr: Tensor) -> RescaleOutput:
        raise AssertionError("not called")

    def analyze(self, hr: Tensor) -> Analysis:
        raise AssertionError("not called")

    def quantize(self, analysis: Analysis, rate_scale: float = 1.0) -> CompressedBatch:
        raise AssertionError("not called")

    def restore(self, coefficients: Tensor, tables: Tensor) -> Tensor:
        raise AssertionError("not called")


def training(**changes) -> TrainingOptions:
    losses = LossesOptions(WeightedLoss(Component("L1Loss", {}), 1.0), None, RateLossOptions(0.02))
    given = {
        "total_iter": 100,
        "optim_g": OptimizerOptions(lr=1e-3),
        "scheduler": SchedulerOptions(type="MultiStepLR", milestones=50, gamma=0.5),
        "losses": losses,
    }
    return TrainingOptions(**{**given, **changes})


def test_every_parameter_is_in_one_group():
    network = ThreeKinds()
    groups = partition_parameters(network, freeze=["encoder."])
    assert [len(g) for g in (groups.networks, groups.rate, groups.auxiliary, groups.frozen)] == [2, 2, 1, 2]
    assert not any(p.requires_grad for p in network.encoder.parameters())
    assert all(p.requires_grad for p in network.decoder.parameters())


def test_freezing_nothing_is_an_error():
    with pytest.raises(OptionsError, match="nosuch"):
        partition_parameters(ThreeKinds(), freeze=["nosuch"])


def test_each_optimizer_keeps_its_own_base_rate():
    groups = partition_parameters(ThreeKinds())
    optimizers = Optimizers(groups, training(optim_rate=OptimizerOptions(lr=1e-2)))
    assert optimizers.set_learning_rates(1) == pytest.approx({"networks": 1e-3, "rate": 1e-2, "auxiliary": 1e-2})
    assert optimizers.set_learning_rates(51) == pytest.approx({"networks": 5e-4, "rate": 5e-3, "auxiliary": 5e-3})
    assert optimizers["rate"].param_groups[0]["lr"] == pytest.approx(5e-3)


def test_an_optimizer_without_parameters_gives_a_warning():
    groups = partition_parameters(ThreeKinds(with_rate=False))
    with pytest.warns(OptionsWarning, match="optim_rate is ignored"):
        optimizers = Optimizers(groups, training(optim_rate=OptimizerOptions(lr=1e-2)))
    assert optimizers.names() == ["networks"]


def test_a_state_of_other_optimizers_is_refused():
    state = Optimizers(partition_parameters(ThreeKinds()), training()).state_dict()
    other = Optimizers(partition_parameters(ThreeKinds(with_rate=False)), training())
    with pytest.raises(OptionsError, match="auxiliary"):
        other.load_state_dict(state)


def test_without_a_rate_term_the_rate_model_is_not_stepped():
    losses = LossesOptions(WeightedLoss(Component("L1Loss", {}), 1.0), None, None)
    optimizers = Optimizers(partition_parameters(ThreeKinds()), training(losses=losses))
    assert optimizers.names() == ["networks", "auxiliary"]


def test_a_state_of_other_parameters_is_refused():
    state = Optimizers(partition_parameters(ThreeKinds()), training()).state_dict()
    frozen = Optimizers(partition_parameters(ThreeKinds(), freeze=["encoder."]), training())
    with pytest.raises(OptionsError, match="does not fit"):
        frozen.load_state_dict(state)


def stepped(kind: str) -> Optimizers:
    """Optimizers of a type, after a step: from then on a state has more than settings."""
    network = ThreeKinds()
    optimizers = Optimizers(partition_parameters(network), training(optim_g=OptimizerOptions(type=kind, lr=1e-3)))
    for name in optimizers.names():
        for group in optimizers[name].param_groups:
            for parameter in group["params"]:
                parameter.grad = torch.ones_like(parameter)
        optimizers[name].step()
    return optimizers


@pytest.mark.parametrize(
    ("saved", "now"),
    [("Adam", "Muon"), ("AdamW", "Muon"), ("Muon", "Adam"), ("Muon", "AdamW"), ("Adam", "SOAP"), ("SOAP", "Muon")],
)
def test_a_state_of_another_type_of_optimizer_is_refused(saved, now):
    """PyTorch takes most of them, and the first step would end with a KeyError."""
    with pytest.raises(OptionsError, match=f"does not fit.*{now}"):
        stepped(now).load_state_dict(stepped(saved).state_dict())


@pytest.mark.parametrize("kind", ["Adam", "AdamW", "Muon", "SOAP"])
def test_a_state_of_the_same_type_is_taken(kind):
    state = stepped(kind).state_dict()
    optimizers = stepped(kind)
    optimizers.load_state_dict(state)
    assert all(optimizers[name].state_dict()["param_groups"] == state[name]["param_groups"] for name in state)


def test_a_state_that_is_not_an_optimizers_is_refused():
    optimizers = Optimizers(partition_parameters(ThreeKinds()), training())
    with pytest.raises(OptionsError, match="does not fit"):
        optimizers.load_state_dict({name: {"no": "state"} for name in optimizers.names()})
