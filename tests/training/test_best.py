from __future__ import annotations

import dataclasses
import json

import pytest
import torch

from hyperthumb.base.errors import OptionsError
from hyperthumb.config import LoggerOptions, load_train_options
from hyperthumb.training.best import BestWeights
from tests.support import tiny_training, write_options


def keep(folder, iteration: int = 0, **changes: object) -> BestWeights:
    options = dataclasses.replace(LoggerOptions(keep_best="psnr_rgb"), **changes)
    return BestWeights(folder, options, "val", iteration)


def validate(best: BestWeights, iteration: int, bpp: float, **metrics: float) -> int:
    """Returns the iteration of the weights that are kept afterwards."""
    means = {f"val/val/{name}": value for name, value in {"bpp": bpp, **metrics}.items()}
    best.consider(iteration, means, {"params": {"weight": torch.tensor(iteration)}})
    kept = int(torch.load(best.weights, weights_only=True)["params"]["weight"])
    assert json.loads(best.note.read_text())["iteration"] == kept
    return kept


def test_a_metric_alone_chooses_the_best(tmp_path):
    best = keep(tmp_path)
    values = [25.0, 27.0, 26.0, 27.0, float("nan"), 28.0]
    kept = [validate(best, iteration, 0.3, psnr_rgb=value) for iteration, value in enumerate(values)]
    assert kept == [0, 1, 1, 1, 1, 5]


def test_lower_lpips_is_better(tmp_path):
    best = keep(tmp_path, keep_best="lpips")
    assert [validate(best, i, 0.3, lpips=value) for i, value in enumerate([0.3, 0.2, 0.25])] == [0, 1, 1]


def test_a_slope_makes_bytes_count(tmp_path):
    """Twice the bytes for 1 dB is not worth it at 1.5 dB a doubling; for 2 dB it is."""
    best = keep(tmp_path, keep_best_slope=1.5)
    points = [(0.2, 27.0), (0.4, 28.0), (0.4, 29.0), (0.2, 27.4)]
    assert [validate(best, i, bpp, psnr_rgb=value) for i, (bpp, value) in enumerate(points)] == [0, 0, 2, 2]
    note = json.loads(best.note.read_text())
    assert (note["value"], note["bpp"], note["metric"]) == (29.0, 0.4, "psnr_rgb")


def test_a_resumed_run_remembers_the_best(tmp_path):
    validate(keep(tmp_path), 5, 0.3, psnr_rgb=28.0)
    assert validate(keep(tmp_path, iteration=5), 8, 0.3, psnr_rgb=27.0) == 5
    assert validate(keep(tmp_path, iteration=5, keep_best_slope=1.0), 8, 0.3, psnr_rgb=27.0) == 8
    assert validate(keep(tmp_path, iteration=4), 6, 0.3, psnr_rgb=20.0) == 6


def test_a_damaged_note_is_a_warning(tmp_path):
    (tmp_path / "net_g_best.json").write_text("{")
    with pytest.warns(UserWarning, match="the best weights are chosen anew"):
        assert validate(keep(tmp_path), 1, 0.3, psnr_rgb=20.0) == 1


@pytest.mark.parametrize(
    ("metric", "data", "message"), [("lpips", "val", "lpips is not measured"), ("psnr_rgb", None, "no validation set")]
)
def test_a_metric_that_is_not_measured_is_an_error(tmp_path, metric, data, message):
    options = tiny_training(tmp_path, **{"logger:keep_best": metric})
    if data is None:
        del options["datasets"]["val"]
    with pytest.raises(OptionsError, match=f"logger.keep_best: .*{message}"):
        load_train_options(write_options(tmp_path / "options.yml", options))
