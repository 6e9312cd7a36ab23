from __future__ import annotations

import pytest

from hyperthumb.base.errors import OptionsError
from hyperthumb.config import load_train_options
from hyperthumb.training.batch_size import StepShare, remark_on_growth, share_step
from tests.support import tiny_training, write_options


def options(folder, **changes):
    settings = {"datasets:train:batch_size_per_gpu": None, **changes}
    return load_train_options(write_options(folder / "options.yml", tiny_training(folder, **settings)))


@pytest.mark.parametrize(
    ("processes", "accumulate", "at_once", "text"),
    [
        (1, 1, 16, "16 crops of 32x32 a step"),
        (4, 1, 4, "16 crops of 32x32 a step: 4 processes x 4"),
        (1, 2, 8, "16 crops of 32x32 a step: 2 micro-batches x 8"),
        (4, 2, 2, "16 crops of 32x32 a step: 4 processes x 2 micro-batches x 2"),
    ],
)
def test_the_total_is_shared_out_evenly(tmp_path, processes, accumulate, at_once, text):
    share = share_step(options(tmp_path, **{"train:batch_size": 16, "train:accumulate": accumulate}), processes)
    assert share == StepShare(at_once, accumulate, processes, 32)
    assert (share.crops, share.pixels, str(share)) == (16, 16 * 32 * 32, text)


@pytest.mark.parametrize(
    ("total", "processes", "accumulate", "message"),
    [
        (16, 3, 1, r"16 crops .* among 3 processes x 1 micro-batch \(train.accumulate\); 15 can"),
        (3, 4, 2, r"3 crops .* among 4 processes x 2 micro-batches .*; 8 can"),
        (5, 1, 2, r"5 crops .* among 1 process x 2 micro-batches .*; 4 can"),
    ],
)
def test_a_total_that_does_not_divide_is_an_error(tmp_path, total, processes, accumulate, message):
    given = options(tmp_path, **{"train:batch_size": total, "train:accumulate": accumulate})
    with pytest.raises(OptionsError, match=f"train.batch_size: {message}"):
        share_step(given, processes)


def test_the_number_of_basicsrs_files_is_each_processs_own(tmp_path):
    share = share_step(options(tmp_path, **{"datasets:train:batch_size_per_gpu": 6, "train:accumulate": 2}), 4)
    assert (share.at_once, share.crops) == (6, 48)
    assert share_step(options(tmp_path)).at_once == 16


def test_the_log_remarks_that_processes_multiply_the_crops(tmp_path):
    def remark(processes, **changes):
        given = options(tmp_path, **changes)
        return remark_on_growth(given, share_step(given, processes))

    each = {"datasets:train:batch_size_per_gpu": 6, "train:accumulate": 2}
    assert remark(4, **each) == (
        "4 processes take 4 times the crops of one; to keep 12 a step, write `batch_size: 12` under `train:` in place "
        "of datasets.train.batch_size_per_gpu"
    )
    assert "to keep 16 a step" in remark(4)
    assert remark(1, **each) is None
    assert remark(4, **{"train:batch_size": 8}) is None


def test_both_numbers_are_a_contradiction(tmp_path):
    with pytest.raises(OptionsError, match=r"datasets\.train\.batch_size_per_gpu: train\.batch_size is given too"):
        options(tmp_path, **{"train:batch_size": 16, "datasets:train:batch_size_per_gpu": 16})
