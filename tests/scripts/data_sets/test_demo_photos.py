from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from data_sets.demo_photos import prepare_demo_photos
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.data import HRImageDataset

SCRIPT = Path(__file__).parents[3] / "scripts" / "prepare_demo_photos.py"


def test_training_and_test_photographs_are_written(tmp_path):
    photos = prepare_demo_photos(tmp_path)
    assert photos.written == len(photos.train) + len(photos.test) == 11
    train, test = (HRImageDataset(str(tmp_path / part)) for part in ("train", "test"))
    assert [len(train), len(test)] == [9, 2]
    assert not set(train.names) & set(test.names)
    assert all(min(train.size(index)) >= 300 for range_ in [range(9)] for index in range_)
    np.testing.assert_array_equal(test.load(test.names.index("chelsea")).hr, skimage.data.chelsea())
    np.testing.assert_array_equal(test.load(test.names.index("coffee")).hr, skimage.data.coffee())


def test_a_second_run_writes_only_missing_photographs(tmp_path):
    first = prepare_demo_photos(tmp_path)
    times = {path: path.stat().st_mtime_ns for path in first.train + first.test}
    assert prepare_demo_photos(tmp_path) == first._replace(written=0)
    first.train[2].unlink()
    assert prepare_demo_photos(tmp_path).written == 1
    unchanged = {path: path.stat().st_mtime_ns for path in times if path != first.train[2]}
    assert unchanged == {path: time for path, time in times.items() if path != first.train[2]}


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(HyperthumbError, match="file is not a folder"):
        prepare_demo_photos(tmp_path / "file")


def test_a_missing_scikit_image_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(HyperthumbError, match="part of scikit-image"):
        prepare_demo_photos(tmp_path)


def test_the_script_prepares_the_photographs(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["prepare_demo_photos.py", "--out", str(tmp_path / "demo")])
    for said in ("11 written now", "none written now"):
        with pytest.raises(SystemExit) as exit_:
            runpy.run_path(str(SCRIPT), run_name="__main__")
        assert exit_.value.code == 0
        assert f"9 photographs for training, 2 for testing; {said}" in capsys.readouterr().out
