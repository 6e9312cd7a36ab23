from __future__ import annotations

import copy
import logging
from collections.abc import Iterator

import pytest
import torch

from hyperthumb.config import Component, LossesOptions, WeightedLoss
from hyperthumb.training.determinism import make_deterministic, report_determinism, watch
from hyperthumb.training.log import close_log
from hyperthumb.training.objective import Objective
from tests.support import tiny_network


@pytest.fixture(autouse=True)
def _deterministic(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", False)
    make_deterministic()
    yield
    torch.use_deterministic_algorithms(False)


def test_deterministic_sets_the_switches_of_torch():
    assert torch.are_deterministic_algorithms_enabled()
    assert torch.is_deterministic_algorithms_warn_only_enabled()
    assert torch.backends.cudnn.deterministic


def test_an_operation_without_a_deterministic_version_is_named():
    names, without = watch(lambda: torch.zeros(3).put_(torch.tensor([0]), torch.ones(1)))  # one on the CPU too
    assert "put_" in names
    assert without == ["put_"]


def test_the_check_runs_a_step_and_does_not_change_the_network(caplog, monkeypatch):
    network = tiny_network()
    before = copy.deepcopy(network.state_dict())
    network.requires_grad_(True)
    objective = Objective(LossesOptions(WeightedLoss(Component("L1Loss"))))
    close_log(logging.getLogger("hyperthumb"))  # what an earlier training in this process left open
    monkeypatch.setattr(logging.getLogger("hyperthumb"), "propagate", True)
    with caplog.at_level(logging.INFO, "hyperthumb"):
        report_determinism(network, objective, 32, torch.device("cpu"))
    assert [record.getMessage() for record in caplog.records] == [
        "deterministic: no operation was replaced; on a CPU a seed always gives the same weights"
    ]
    assert not network.training
    assert all(parameter.grad is None for parameter in network.parameters())
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name
    names, _ = watch(lambda: copy.deepcopy(network).train()(torch.rand(1, 3, 32, 32)).restored.sum().backward())
    assert "convolution_backward" in names  # which a GPU would replace
