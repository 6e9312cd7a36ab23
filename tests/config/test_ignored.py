"""Settings without effect: one warning that names each, and none without a reason."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from hyperthumb.config import OptionsWarning, load_test_options, load_train_options
from tests.config.samples import TEST, TRAIN, line_of, write


@pytest.fixture(autouse=True)
def _working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_settings_without_effect_are_one_warning(tmp_path):
    text = TRAIN.replace("gt_size: 64", "gt_size: 64\n    prefetch_mode: cuda\n    max_corrupt: 3") + (
        "num_gpu: 2\nmodel_type: SRModel\ndist_params: {backend: gloo, port: 29500}\n"
    )
    text = text.replace("lr: 2e-4}", "lr: 2e-4}\n  scheduler: {type: ConstantLR, gamma: 0.75}")
    with pytest.warns(OptionsWarning) as caught:
        load_train_options(write(tmp_path, text))
    assert len(caught) == 1
    assert caught[0].filename == __file__
    message = str(caught[0].message)
    assert message.startswith("these 6 settings have no effect:\n")
    for part, where in (
        ("prefetch_mode", "datasets.train.prefetch_mode"),
        ("max_corrupt", "datasets.train.max_corrupt"),
        ("num_gpu", "num_gpu"),
        ("model_type", "model_type"),
        ("port", "dist_params.port"),
        ("ConstantLR", "train.scheduler.gamma"),
    ):
        assert f"options.yml:{line_of(text, part)}: {where} (" in message


def test_what_a_test_does_not_use_is_a_warning(tmp_path):
    text = (
        TEST.replace("dataroot_gt: data", "dataroot_gt: data, gt_size: 64") + "train: {opts: ~}\nval: {val_freq: 4e3}\n"
    )
    with pytest.warns(OptionsWarning, match="these 3 settings") as caught:
        load_test_options(write(tmp_path, text))
    assert all(where in str(caught[0].message) for where in ("kodak.gt_size", ": train (", "val.val_freq"))


TRAINING_ONLY = """\
num_worker_per_gpu: 4
    batch_size_per_gpu: 2
    use_flip: false
    use_rot: false
    cache: ram
    cache_limit_gb: 3
"""


def warning_of(load, path: Path) -> str:
    with pytest.warns(OptionsWarning) as caught:
        load(path)
    (message,) = (str(warning.message) for warning in caught)
    return message


def test_what_only_training_crops_have_a_use_for(tmp_path):
    dataset = f"\n    type: HRImageDataset\n    dataroot_gt: data\n    {TRAINING_ONLY}"
    settings = [line.split(":")[0].strip() for line in TRAINING_ONLY.splitlines()]
    tested = TEST.replace(" {type: HRImageDataset, dataroot_gt: data}\n", dataset)
    validated = TRAIN.replace("network_g:", f"  val:{dataset}network_g:")
    for text, load, key in ((tested, load_test_options, "kodak"), (validated, load_train_options, "val")):
        message = warning_of(load, write(tmp_path, text))
        assert message.startswith(f"these {len(settings)} settings have no effect:")
        for setting in settings:
            assert f"options.yml:{line_of(text, f'    {setting}: ')}: datasets.{key}.{setting} (" in message


def test_a_test_has_no_seed_no_experiment_and_no_board(tmp_path):
    text = TEST + "manual_seed: 0\npath:\n  experiments_root: a\n  tb_root: b\n  results_root: c\n"
    message = warning_of(load_test_options, write(tmp_path, text))
    assert message.startswith("these 3 settings have no effect:")
    for where in ("manual_seed", "path.experiments_root", "path.tb_root"):
        number = line_of(text, where.rpartition(".")[2])
        assert f"options.yml:{number}: {where} (" in message


def test_what_only_a_network_has_a_use_for(tmp_path):
    text = TEST + (
        "comparison: true\nval: {profile: default, rate_scale: 2}\n"
        "path: {pretrain_network_g: data, strict_load_g: false, param_key_g: params}\n"
    )
    message = warning_of(load_test_options, write(tmp_path, text))
    assert message.startswith("these 6 settings have no effect:")
    assert message.count("(there is no network_g)") == 6
    network = "network_g:" + TRAIN.split("network_g:")[1].split("train:")[0]
    options = load_test_options(write(tmp_path, text + network))
    assert (options.comparison, options.val.rate_scale) == (True, 2.0)


def test_no_warning_without_a_reason(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_train_options(write(tmp_path, TRAIN))
