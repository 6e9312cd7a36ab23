"""Files that are no photographs, or not such as can be used: named, counted, and handled as the options say."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_sets.lmdb_writer import write_lmdb
from hyperthumb.data import HRImageDataset
from tests.reliability.watched_process import Finished, WatchedProcess, run
from tests.support import photograph, save_tiny_model, tiny_training, write_options, write_photographs


def truncated(path: Path) -> None:
    Image.fromarray(photograph(80, 96)).save(path)
    path.write_bytes(path.read_bytes()[:3000])


def truncated_jpeg(path: Path) -> None:
    Image.fromarray(photograph(80, 96)).save(path)
    path.write_bytes(path.read_bytes()[:1500])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("this is no picture\n")


def cmyk(path: Path) -> None:
    Image.fromarray(photograph(80, 96)).convert("CMYK").save(path, "JPEG")


def transparent(path: Path) -> None:
    Image.fromarray(np.dstack([photograph(80, 96), np.full((80, 96), 100, np.uint8)])).save(path)


def tiny(path: Path) -> None:
    Image.fromarray(photograph(30, 96)).save(path)


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "truncated": (truncated, "damaged"),
    "empty": (empty, "the file is empty"),
    "text": (text, "it is not a picture"),
    "cmyk": (cmyk, "CMYK pictures are not supported"),
    "transparent": (transparent, "transparent in places"),
    "small": (tiny, "96x30 is too small for training crops of 32x32"),
}


def deep(path: Path) -> None:
    """16-bit grey, which is read: the high byte of each sample."""
    Image.fromarray(photograph(80, 96)[..., 0].astype(np.uint16) * 257).save(path)


def write_bad(folder: Path) -> None:
    for name, (write, _) in BAD.items():
        write(folder / f"{name}.png")
    deep(folder / "deep.png")


def train(folder: Path, *arguments: str, **changes: object) -> Finished:
    return run("run_train.py", *options(folder, changes), *arguments, folder=folder)


def options(folder: Path, changes: dict) -> tuple[str, str]:
    written = tiny_training(folder, **changes)
    if "datasets:val:dataroot_gt" not in changes:
        del written["datasets"]["val"]
    return "-opt", str(write_options(folder / "options.yml", written))


def assert_one_sentence(result: Finished, *words: str) -> None:
    assert result.code == 1, result.output
    assert "Traceback" not in result.output, result.output
    error = result.output[result.output.index("error: ") :]
    assert all(word in error for word in words), result.output


@pytest.mark.parametrize("num_workers", [0, 2])
def test_training_names_counts_and_skips_what_cannot_be_used(tmp_path, num_workers):
    write_photographs(tmp_path / "train", 4)
    write_bad(tmp_path / "train")
    result = train(
        tmp_path,
        **{
            "datasets:train:on_corrupt": "skip",
            "datasets:train:max_corrupt": 6,
            "datasets:train:num_worker_per_gpu": num_workers,
            "train:total_iter": 11,
        },
    )
    assert result.code == 0, result.output
    said = [line for line in result.output.splitlines() if "skipped, " in line]
    assert len(said) == 6, result.output
    for name, (_, reason) in BAD.items():
        assert any(name in line and reason in line for line in said), (name, result.output)
    assert all(any(f"skipped, {number} of at most 6:" in line for line in said) for number in range(1, 7))
    assert "deep" not in "".join(said)


def test_training_stops_when_too_much_cannot_be_used(tmp_path):
    write_photographs(tmp_path / "train", 4)
    write_bad(tmp_path / "train")
    changes = {"datasets:train:on_corrupt": "skip", "datasets:train:max_corrupt": 5, "train:total_iter": 11}
    assert_one_sentence(train(tmp_path, **changes), "more than max_corrupt = 5 photographs that cannot be used")


def test_training_does_not_start_with_pictures_whose_headers_are_wrong(tmp_path):
    write_photographs(tmp_path / "train", 4)
    write_bad(tmp_path / "train")
    result = train(tmp_path)
    named = ("empty.png: the file is empty", "text.png: it is not a picture", "truncated.png: the picture is damaged")
    assert_one_sentence(result, *named, "small: 96x30 is too small")
    assert not (tmp_path / "experiments").exists()


@pytest.mark.parametrize(
    ("name", "write", "reason"),
    [
        ("truncated.jpg", truncated_jpeg, "the picture is damaged"),
        ("cmyk.png", cmyk, "CMYK pictures are not supported"),
    ],
)
def test_training_stops_at_a_picture_that_cannot_be_decoded(tmp_path, name, write, reason):
    write_photographs(tmp_path / "train", 4)
    write(tmp_path / "train" / name)
    result = train(tmp_path)
    assert_one_sentence(result, f"train/{name}: {reason}")
    assert "experiment: " in result.output, "it had started"


@pytest.mark.parametrize("on_corrupt", ["error", "skip"])
def test_a_thumbnail_of_the_wrong_size_is_named(tmp_path, on_corrupt):
    write_photographs(tmp_path / "train", 4)
    for number in range(4):
        side = (20, 24) if number else (20, 23)
        (tmp_path / "small").mkdir(exist_ok=True)
        Image.fromarray(photograph(*side, number)).save(tmp_path / f"small/photo{number}.png")
    changes = {
        "datasets:train:type": "PairedImageDataset",
        "datasets:train:dataroot_lq": str(tmp_path / "small"),
        "datasets:train:on_corrupt": on_corrupt,
    }
    result = train(tmp_path, **changes)
    if on_corrupt == "error":
        assert_one_sentence(result, "photo0: its thumbnail of 23x20 is not")
    else:
        assert result.code == 0, result.output
        assert "skipped, 1 of at most 10: photo0: its thumbnail of 23x20 is not" in result.output


@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_folder_that_vanishes_ends_the_run_and_is_not_skipped(tmp_path, num_workers):
    changes = {
        "train:total_iter": 100_000,
        "datasets:train:on_corrupt": "skip",
        "datasets:train:num_worker_per_gpu": num_workers,
        "logger:save_checkpoint_freq": 10**6,
    }
    with WatchedProcess("run_train.py", *options(tmp_path, changes), folder=tmp_path) as process:
        process.wait_for("iter 6/")
        (tmp_path / "train").rename(tmp_path / "gone")
        result = process.wait()
    assert_one_sentence(result, f"{tmp_path}/train/photo", "cannot be read (No such file or directory)")
    (tmp_path / "gone").rename(tmp_path / "train")
    (state,) = (tmp_path / "experiments/tiny/training_states").glob("*.state")
    assert int(state.stem) >= 6
    result = train(tmp_path, "--auto_resume", **changes | {"train:total_iter": int(state.stem) + 1})
    assert f"resuming from iteration {int(state.stem):,}" in result.output
    assert result.code == 0, result.output


@pytest.mark.parametrize("num_workers", [0, 2])
def test_an_incomplete_store_gives_a_message(tmp_path, num_workers):
    store = tmp_path / "cut.lmdb"
    write_lmdb(HRImageDataset(str(write_photographs(tmp_path / "pictures", 4))), store)
    os.truncate(store / "data.mdb", 20000)
    changes = {
        "datasets:train:dataroot_gt": str(store),
        "datasets:train:io_backend": {"type": "lmdb"},
        "datasets:train:num_worker_per_gpu": num_workers,
    }
    assert_one_sentence(train(tmp_path, **changes), f"{store}/data.mdb: is truncated: it has 20,000 of ")


def test_validation_skips_bad_pictures_if_the_options_say_so(tmp_path):
    bad = write_photographs(tmp_path / "bad", 2, 41, 50)
    write_bad(bad)
    changes = {"datasets:val:dataroot_gt": str(bad), "train:total_iter": 2}
    assert_one_sentence(train(tmp_path, **changes), "bad/cmyk.png: CMYK pictures are not supported")
    result = train(tmp_path, **changes, **{"datasets:val:on_corrupt": "skip"})
    assert result.code == 0, result.output
    for name in BAD.keys() - {"small"}:
        assert f"bad/{name}.png: " in result.output, result.output
    assert "skipped, 5 of at most 10:" in result.output
    with open(tmp_path / "experiments/tiny/metrics.csv", newline="") as file:
        assert [row["count"] for row in csv.DictReader(file)] == ["4", "4"]


def test_a_test_leaves_cells_of_small_pictures_empty_and_skips_bad_pictures(tmp_path):
    """SSIM takes 11 pixels; two of the pictures have fewer. The others' rows are not lost."""
    pictures = write_photographs(tmp_path / "pictures", 2, 41, 50)
    write_bad(pictures)
    Image.fromarray(photograph(8, 40)).save(pictures / "flat.png")
    Image.fromarray(photograph(40, 9)).save(pictures / "thin.png")
    written = tiny_training(tmp_path)
    model = save_tiny_model(tmp_path / "model.safetensors")
    test_options = {
        "name": "small",
        "scale": 4,
        "device": "cpu",
        "datasets": {
            "test": {"name": "set", "type": "HRImageDataset", "dataroot_gt": str(pictures), "on_corrupt": "skip"}
        },
        "network_g": written["network_g"],
        "path": {"pretrain_network_g": str(model), "results_root": str(tmp_path / "results")},
    }
    path = write_options(tmp_path / "test.yml", test_options)
    result = run("run_test.py", "-opt", str(path), folder=tmp_path)
    assert result.code == 0, result.output
    root = tmp_path / "results/small/set"
    with open(root / "metrics.csv", newline="") as file:
        rows = {row["image"]: row for row in csv.DictReader(file)}
    assert sorted(rows) == ["deep", "flat", "photo0", "photo1", "small", "thin"]
    assert {name for name, row in rows.items() if row["ssim"] == ""} == {"flat", "thin"}
    assert all(float(row["psnr_rgb"]) > 5 for row in rows.values())
    mean = json.loads((root / "metrics.json").read_text())["mean"]
    assert mean["ssim"] is None
    assert mean["psnr_rgb"] > 5
    for name in ("flat", "thin"):
        assert f"{name}: SSIM needs pictures of at least 11x11 pixels" in result.output
    assert "skipped, 5 of at most 10:" in result.output
    shutil.rmtree(root)
    test_options["datasets"]["test"]["on_corrupt"] = "error"
    write_options(path, test_options)
    assert_one_sentence(run("run_test.py", "-opt", str(path), folder=tmp_path), "pictures/cmyk.png: CMYK")
