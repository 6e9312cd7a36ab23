from __future__ import annotations

import os

import numpy as np
import pytest

import hyperthumb
from hyperthumb.base.errors import CheckpointError, ThumbnailError
from hyperthumb.models import zoo
from hyperthumb.models.header import read_model_header
from model_card import record
from tests.support import save_tiny_model


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder of models instead of the real one."""
    folder = tmp_path / "zoo"
    folder.mkdir()
    monkeypatch.setattr(zoo, "FOLDER", folder)
    return folder


def test_a_missing_default_model_says_what_to_do(folder):
    with pytest.raises(CheckpointError, match=r"shipped model.*reinstall hyperthumb.*--model PATH"):
        zoo.find_model()
    path = save_tiny_model(folder / f"{zoo.DEFAULT_MODEL}.safetensors")
    record(path)
    assert zoo.find_model() == zoo.find_model(zoo.DEFAULT_MODEL) == path


def test_a_damaged_model_is_refused(folder):
    path = save_tiny_model(folder / "photo_4x.safetensors")
    record(path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="damaged or incomplete"):
        zoo.find_model("photo_4x")
    assert zoo.find_model(path) == path  # by its path it is anybody's file


def test_a_damaged_graph_of_a_shipped_model_is_refused_by_name_and_by_id(folder):
    path, graph = save_tiny_model(folder / "photo_4x.safetensors"), folder / "photo_4x.decoder.onnx"
    graph.write_bytes(b"graph")
    record(path)
    record(graph)
    assert zoo.find_model("photo_4x") == path
    graph.write_bytes(b"other")
    with pytest.raises(CheckpointError, match=r"photo_4x\.decoder\.onnx is damaged"):
        zoo.find_model("photo_4x")
    with pytest.raises(CheckpointError, match=r"photo_4x\.decoder\.onnx is damaged"):
        zoo.find_model_of(read_model_header(path).model_id)


def test_models_are_found_by_name_and_by_path(folder, tmp_path):
    for name in ("photo_2x", "photo_4x"):
        record(save_tiny_model(folder / f"{name}.safetensors"))
    assert zoo.model_names() == ["photo_2x", "photo_4x"]
    assert zoo.find_model("photo_4x") == folder / "photo_4x.safetensors"
    mine = tmp_path / "mine.safetensors"
    mine.touch()
    assert zoo.find_model(mine) == zoo.find_model(str(mine)) == mine
    with pytest.raises(CheckpointError, match=r'"foto_4x"; did you mean "photo_4x"\?.*known: photo_2x, photo_4x'):
        zoo.find_model("foto_4x")


def test_a_model_is_found_by_its_id(folder):
    paths = [save_tiny_model(folder / f"photo_{scale}x.safetensors", scale=scale) for scale in (2, 4)]
    for path in paths:
        record(path)
        assert zoo.find_model_of(read_model_header(path).model_id) == path
    assert zoo.find_model_of(b"abc") is None


def test_a_shipped_file_is_read_once_until_it_changes(folder, monkeypatch):
    path = save_tiny_model(folder / "photo_4x.safetensors")
    record(path)
    checked = []
    monkeypatch.setattr(zoo, "verify", checked.append)
    for _ in range(3):
        assert zoo.is_shipped(read_model_header(path).model_id)
        assert not zoo.is_shipped(b"abc")
    assert checked == [path]
    os.utime(save_tiny_model(path, seed=1), (1, 1))
    assert zoo.is_shipped(read_model_header(path).model_id)


def test_without_a_name_every_thumbnail_is_restored_by_its_own_shipped_model(folder, tmp_path):
    for name, scale in ((zoo.DEFAULT_MODEL, 4), ("photo_2x", 2)):
        record(save_tiny_model(folder / f"{name}.safetensors", scale=scale))
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    made = {name: hyperthumb.load(name, device="cpu").compress(image) for name in zoo.model_names()}
    codec = hyperthumb.load(device="cpu")
    for name, data in made.items():
        restored = codec.restore_with_notes(data)
        assert (restored.model.name, restored.notes) == (name, [])
        assert np.array_equal(restored.image, hyperthumb.load(name, device="cpu").restore(data))
    with pytest.raises(ThumbnailError, match="choose a model of scale 2"):  # a named model is always used
        hyperthumb.load(zoo.DEFAULT_MODEL, device="cpu").restore(made["photo_2x"])
    stranger = hyperthumb.load(save_tiny_model(tmp_path / "mine.safetensors", seed=1), device="cpu")
    restored = codec.restore_with_notes(stranger.compress(image))
    assert restored.model.name == zoo.DEFAULT_MODEL
    assert "made by another model" in restored.notes[0]
