from __future__ import annotations

import json

import pytest
import torch

from hyperthumb.base.errors import NonFiniteError
from hyperthumb.config import load_train_options
from hyperthumb.training.context import RunContext
from hyperthumb.training.distributed import Health, World
from hyperthumb.training.guards import BadStepReports, StepRecord
from hyperthumb.training.objective import LossTerms
from hyperthumb.training.stalls import StallWatch
from tests.support import tiny_training, write_options


def record(*totals: float) -> StepRecord:
    step = StepRecord()
    for number, total in enumerate(totals):
        step.add(LossTerms(torch.tensor(total), torch.tensor(0.25), None, torch.tensor(0.5)), [f"kodim0{number}"])
    return step


def reports(folder, allowed: int = 0) -> BadStepReports:
    path = write_options(folder / "options.yml", tiny_training(folder, **{"train:skip_bad_steps": allowed}))
    return BadStepReports(RunContext(load_train_options(path), World(), torch.device("cpu"), StallWatch(60)))


def bad_steps(folder):
    return folder / "experiments/tiny/bad_steps"


def test_a_record_is_finite_when_every_micro_batch_is():
    assert bool(record(1.0, 2.0).finite())
    assert not bool(record(1.0, float("nan")).finite())
    step = record(1.0)
    step.add_auxiliary(torch.tensor(float("inf")))
    assert not bool(step.finite())


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_the_report_names_iteration_terms_and_images(tmp_path, value):
    expected = (
        rf"the loss is not finite at iteration 7 \(total {value}, reconstruction 0\.25.*bpp 0\.5.*kodim00, kodim01"
    )
    with pytest.raises(NonFiniteError, match=expected):
        reports(tmp_path).report(7, [Health.BAD_LOSS], [record(1.0, value).described()], float("nan"), 0)
    report = json.loads((bad_steps(tmp_path) / "0000007.json").read_text())
    assert report["seed"] == 3
    assert report["gradient_norm"] == "nan"
    assert report["ranks"][0]["terms"][1]["total"] == str(value)


def test_the_report_names_the_ranks_with_bad_numbers(tmp_path):
    healths = [Health.FINE, Health.BAD_GRADIENT, Health.FINE]
    steps = [record(float(rank)).described() for rank in range(3)]
    with pytest.raises(NonFiniteError, match=r"the gradient is not finite at iteration 2 on rank 1 of 3 .*total 1,"):
        reports(tmp_path).report(2, healths, steps, float("inf"), 0)
    assert [entry["rank"] for entry in json.loads((bad_steps(tmp_path) / "0000002.json").read_text())["ranks"]] == [1]


def test_bad_steps_are_skipped_up_to_the_limit(tmp_path):
    keeper = reports(tmp_path, allowed=2)
    step = [record(float("nan")).described()]
    for skipped, iteration in enumerate((4, 9)):
        keeper.report(iteration, [Health.BAD_LOSS], step, 1.0, skipped)
    with pytest.raises(NonFiniteError, match="2 such steps were skipped before"):
        keeper.report(11, [Health.BAD_LOSS], step, 1.0, 2)
    assert sorted(path.name for path in bad_steps(tmp_path).iterdir()) == [
        "0000004.json",
        "0000009.json",
        "0000011.json",
    ]


def test_a_report_that_cannot_be_written_does_not_hide_the_reason(tmp_path):
    keeper = reports(tmp_path)
    (tmp_path / "experiments").touch()
    with pytest.raises(NonFiniteError, match=r"iteration 7.*not written, cannot write"):
        keeper.report(7, [Health.BAD_LOSS], [record(float("nan")).described()], 1.0, 0)
