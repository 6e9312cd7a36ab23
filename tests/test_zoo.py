from __future__ import annotations

import pytest

from hyperthumb import zoo
from hyperthumb.errors import CheckpointError
from hyperthumb.model_file import load_model


def test_every_model_that_ships_loads():
    for name in zoo.model_names():
        assert load_model(zoo.find_model(name)).name == name


def test_the_default_is_found_or_the_message_says_what_to_give(monkeypatch, tmp_path):
    monkeypatch.setattr(zoo, "_FOLDER", tmp_path)
    with pytest.raises(CheckpointError, match=r"no model ships.*--model PATH.*run_train\.py"):
        zoo.find_model()
    (tmp_path / f"{zoo.DEFAULT_MODEL}.safetensors").touch()
    assert zoo.find_model().parent == tmp_path


def test_names_and_paths(monkeypatch, tmp_path):
    monkeypatch.setattr(zoo, "_FOLDER", tmp_path)
    for name in ("photo_2x", "photo_4x"):
        (tmp_path / f"{name}.safetensors").touch()
    assert zoo.model_names() == ["photo_2x", "photo_4x"]
    assert zoo.find_model("photo_4x") == tmp_path / "photo_4x.safetensors"
    mine = tmp_path / "elsewhere" / "mine.safetensors"
    mine.parent.mkdir()
    mine.touch()
    assert zoo.find_model(mine) == zoo.find_model(str(mine)) == mine
    with pytest.raises(CheckpointError, match=r'"foto_4x"; did you mean "photo_4x"\?.*known: photo_2x, photo_4x'):
        zoo.find_model("foto_4x")
