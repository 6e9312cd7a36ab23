"""Every options file that ships loads, and every training one trains."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
import torch
import yaml

from hyperthumb.benchmark.report.published import find_published
from hyperthumb.config import load_benchmark_options, load_test_options, load_train_options
from hyperthumb.models.build import build_network
from hyperthumb.training.main import main
from tests.support import write_photographs

ROOT = Path(__file__).parents[1]
TRAIN = sorted([*(ROOT / "options/train").rglob("*.yml"), *(ROOT / "options/ablation").glob("*.yml")])
TEST = sorted((ROOT / "options/test").rglob("*.yml"))
POINTS = {"highres_4x", "zoo", "refined_kodak", "refinement_4x"}  # they measure few rates, not whole curves
BENCHMARK = sorted((ROOT / "options/benchmark").glob("*.yml"))
BASES = sorted((ROOT / "options/benchmark/base").glob("*.yml"))  # rows that several benchmarks share
STARTS = {
    start
    for path in TRAIN
    for start in re.findall(r"pretrain_network_g: (experiments/\S+)", path.read_text(encoding="utf-8"))
}
DATA = (
    "DIV2K/DIV2K_train_HR",
    "DIV2K/DIV2K_valid_HR",
    "train_hr",
    "train_pack",
    "gb82",
    "kodak",
    "set5",
    "set14",
    "bsd100",
    "fivek6k",
    "highres",
)


def write_data(folder: Path, size: int) -> Path:
    for name in DATA:
        write_photographs(folder / "data" / name, 1, size, size)
    for name in ("train", "test"):
        write_photographs(folder / "datasets/demo" / name, 1, size, size)
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """Photographs of one crop of the trainings at up to 4x."""
    return write_data(tmp_path_factory.mktemp("small"), 32)


@pytest.fixture(scope="module")
def starts(small) -> dict[str, bytes]:
    """Some trainings start from the weights of another: experiments/NAME/models/..."""
    files = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HYPERTHUMB_DATA", str(small / "data"))
        patch.chdir(small)
        for start in STARTS:
            (small / start).parent.mkdir(parents=True, exist_ok=True)
            (small / start).touch()
        for start in STARTS:
            first = load_train_options(ROOT / f"options/train/zoo/{Path(start).parts[1]}.yml")
            file = io.BytesIO()
            torch.save({"params": build_network(first.network_g, first.scale).state_dict()}, file)
            files[start] = file.getvalue()
    return files


@pytest.fixture
def data_root(tmp_path, monkeypatch, small, starts) -> Path:
    for name in ("data", "datasets"):
        (tmp_path / name).symlink_to(small / name)
    monkeypatch.setenv("HYPERTHUMB_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    for start, content in starts.items():
        (tmp_path / start).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / start).write_bytes(content)
    return tmp_path


def test_there_are_options():
    names = {path.stem for path in TRAIN}
    assert {
        "hyperthumbnail_4x",
        "hyperthumbnail_2x",
        "hyperthumbnail_8x",
        "hyperthumbnail_qpm_only",
        "lite_4x",
    } <= names


def test_no_options_file_is_left_out():
    """One in a folder of another kind (`options/ablation`) has to be loaded here too, by the loader of its kind."""
    assert sorted((ROOT / "options").rglob("*.y*ml")) == sorted([*TRAIN, *TEST, *BENCHMARK, *BASES])
    inherited = [yaml.safe_load(path.read_text(encoding="utf-8")).get("base", "") for path in BENCHMARK]
    for base in BASES:
        assert f"base/{base.name}" in inherited


@pytest.mark.parametrize("path", TRAIN, ids=lambda p: p.stem)
def test_training_options_load(path, data_root):
    options = load_train_options(path)
    assert options.name == path.stem
    assert options.datasets.train.gt_size is not None
    assert options.datasets.train.gt_size % (8 * options.scale) == 0
    assert options.train.batch_size is not None, "more processes would make a larger step"


@pytest.mark.parametrize("path", TEST, ids=lambda p: p.stem)
def test_test_options_load(path, data_root):
    for name in (
        "hyperthumbnail_4x",
        "hyperthumbnail_4x_full",
        "demo_4x",
        "irn_4x",
        "hcflow_4x",
        "sain_4x",
        "comcnn_4x",
    ):
        folder = data_root / f"experiments/{name}/models"
        folder.mkdir(parents=True)
        (folder / "net_g_latest.pth").touch()
    assert load_test_options(path).name == path.stem


@pytest.mark.parametrize("path", BENCHMARK, ids=lambda p: p.stem)
def test_benchmark_options_load(path, data_root):
    """Rows whose weights are not there fail when they are measured, not before."""
    options = load_benchmark_options(path)
    assert options.name == path.stem
    assert options.anchor in [None, *(row.name for row in options.rows)]
    for row in options.rows if path.stem not in POINTS else ():
        assert len(next(iter(row.sweep.values()), row.rate_scales)) >= (4 if row.refine else 6), row.name
    for dataset in options.datasets.values():
        find_published(options.published, dataset.name)
    assert {path.stem for path in BENCHMARK} == {"kodak_4x", "div2k_4x", "fivek6k_4x", "sr_sets_4x"} | POINTS


def test_rivals_are_measured_with_the_sizes_and_files_that_they_are_trained_for(data_root):
    for name in ("irn_4x", "hcflow_4x", "sain_4x", "comcnn_4x"):
        (data_root / f"experiments/{name}/models").mkdir(parents=True)
        (data_root / f"experiments/{name}/models/net_g_latest.pth").touch()
    _, *rows = load_test_options(ROOT / "options/test/rivals_4x.yml").baselines
    for row in rows:
        training = load_train_options(ROOT / f"options/train/baselines/{row.arguments['checkpoint'].parts[1]}.yml")
        trained = build_network(training.network_g, 4).state_dict()
        measured = build_network(row.arguments["network"], 4).state_dict()
        assert {name: value.shape for name, value in trained.items()} == {n: v.shape for n, v in measured.items()}
        assert row.arguments["quality"] == training.network_g.arguments["quality"]
        assert row.arguments["subsampling"] == "4:4:4"
    assert len(rows) == 4


@pytest.mark.parametrize("path", TRAIN, ids=lambda p: p.stem)
def test_two_iterations(path, data_root):
    """The networks are the shipped ones at full size; only the data is small."""
    size = 64 if "8x" in path.stem else 32
    if size == 64:
        for name in ("data", "datasets"):
            (data_root / name).unlink()
        write_data(data_root, size)
    force = [
        "train:total_iter=2",
        "logger:save_checkpoint_freq=2",
        "logger:use_tb_logger=false",
        "device=cpu",
        f"datasets:train:gt_size={size}",
        "train:batch_size=1",
        "datasets:train:num_worker_per_gpu=0",
        "val:val_freq=3",  # before the first iteration alone; tests/training validates at the end
    ]
    assert main(["-opt", str(path), "--force_yml", *force]) == 0
    assert (load_train_options(path).path.experiments_root / path.stem / "models/net_g_2.pth").exists()
