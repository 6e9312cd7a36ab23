from __future__ import annotations

import json

import pytest

from hyperthumb.models import zoo
from model_card import CARD_KEYS, record
from tests.support import save_tiny_model


@pytest.fixture
def two_models(tmp_path, monkeypatch):
    folder = tmp_path / "zoo"
    monkeypatch.setattr(zoo, "FOLDER", folder)
    for seed, name in enumerate(("lite_4x", "rich_4x")):
        record(save_tiny_model(folder / f"{name}.safetensors", seed))
    return folder


def test_the_list_has_one_line_per_model(run):
    code, out, err = run("models", model=False)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    names = [line.lstrip("* ").split()[0] for line in lines[1 : lines.index("")]]
    assert names == zoo.model_names()
    (default,) = (line for line in lines if line.startswith("*  "))
    assert zoo.DEFAULT_MODEL in default


def test_a_name_prints_the_whole_card(run):
    code, out, _ = run("models", zoo.DEFAULT_MODEL, model=False)
    assert code == 0
    assert out.startswith(f"{zoo.DEFAULT_MODEL} (the default)\n")
    said = [line.split()[0] for line in out.splitlines()[1:]]
    assert said == ["scale", "parameters", "file", "id", "sha256", *said[5:]]
    assert set(CARD_KEYS) <= set(said)


def test_json_prints_one_object_per_model(run, two_models):
    code, out, _ = run("models", "--json", model=False)
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [(line["name"], line["default"], line["scale"]) for line in lines] == [
        ("lite_4x", True, 4), ("rich_4x", False, 4)
    ]  # fmt: skip
    first = lines[0]
    assert first["bytes"] == (two_models / "lite_4x.safetensors").stat().st_size
    assert first["card"] == {"license": "CC0"}
    assert (len(first["model"]), len(first["sha256"])) == (6, 64)
    assert json.loads(run("models", "rich_4x", "--json", model=False)[1]) == lines[1]


def test_a_model_file_prints_its_card(run, tmp_path):
    path = save_tiny_model(tmp_path / "mine.safetensors")
    code, out, _ = run("models", str(path), model=False)
    assert code == 0
    assert out.startswith("mine\n")
    assert "license" in out


def test_a_damaged_model_does_not_hide_the_others(run, two_models):
    (two_models / "lite_4x.safetensors").write_bytes(b"half")
    code, out, err = run("models", model=False)
    assert code == 1
    assert "rich_4x" in out
    assert "lite_4x" not in out
    assert "lite_4x.safetensors is damaged or incomplete" in err
    code, out, err = run("models", "nope", model=False)
    assert (code, out) == (1, "")
    assert 'error: there is no model "nope"' in err
