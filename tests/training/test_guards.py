from __future__ import annotations

import json
import logging

import pytest
import torch

from hyperthumb.base.errors import NonFiniteError
from hyperthumb.training.guards import BadStepReports, Health, StepRecord
from hyperthumb.training.objective import LossTerms


def record(*totals: float) -> StepRecord:
    step = StepRecord()
    for number, total in enumerate(totals):
        step.add(LossTerms(torch.tensor(total), torch.tensor(0.25), None, torch.tensor(0.5)), [f"kodim0{number}"])
    return step


def reports(folder, allowed: int = 0) -> BadStepReports:
    return BadStepReports(folder, allowed, {"seed": 3}, logging.getLogger("test"))


def test_a_record_is_finite_when_every_micro_batch_is():
    assert bool(record(1.0, 2.0).finite())
    assert not bool(record(1.0, float("nan")).finite())
    step = record(1.0)
    step.add_auxiliary(torch.tensor(float("inf")))
    assert not bool(step.finite())


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_says_iteration_terms_and_images(tmp_path, value):
    expected = (
        rf"the loss is not finite at iteration 7 \(total {value}, reconstruction 0\.25.*bpp 0\.5.*kodim00, kodim01"
    )
    with pytest.raises(NonFiniteError, match=expected):
        reports(tmp_path).take(7, [Health.BAD_LOSS], [record(1.0, value).described()], float("nan"))
    report = json.loads((tmp_path / "0000007.json").read_text())
    assert report["seed"] == 3
    assert report["gradient_norm"] == "nan"
    assert report["ranks"][0]["terms"][1]["total"] == str(value)


def test_names_the_ranks_that_are_to_blame(tmp_path):
    healths = [Health.FINE, Health.BAD_GRADIENT, Health.FINE]
    steps = [record(float(rank)).described() for rank in range(3)]
    with pytest.raises(NonFiniteError, match=r"the gradient is not finite at iteration 2 on rank 1 of 3 .*total 1,"):
        reports(tmp_path).take(2, healths, steps, float("inf"))
    assert [entry["rank"] for entry in json.loads((tmp_path / "0000002.json").read_text())["ranks"]] == [1]


def test_leaves_out_as_many_as_allowed(tmp_path):
    keeper = reports(tmp_path, allowed=2)
    step = [record(float("nan")).described()]
    for iteration in (4, 9):
        keeper.take(iteration, [Health.BAD_LOSS], step, 1.0)
    with pytest.raises(NonFiniteError, match="2 such steps were left out before"):
        keeper.take(11, [Health.BAD_LOSS], step, 1.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0000004.json", "0000009.json", "0000011.json"]


def test_a_report_that_cannot_be_written_does_not_hide_the_reason(tmp_path):
    (tmp_path / "taken").touch()
    with pytest.raises(NonFiniteError, match=r"iteration 7.*not kept, cannot write"):
        reports(tmp_path / "taken").take(7, [Health.BAD_LOSS], [record(float("nan")).described()], 1.0)
