"""The models that ship, one by one: whole, described, made by an options file that is there, and measured."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from hyperthumb.config import load_train_options
from hyperthumb.evaluation.model_results import average, read_results
from hyperthumb.models import zoo
from hyperthumb.models.file import describe_part, load_model
from hyperthumb.models.header import read_model_header
from hyperthumb.models.portable import portable_part
from hyperthumb.models.zoo.cards import check_card
from hyperthumb.models.zoo.checksums import FILE_NAME, read_sums

ROOT = Path(__file__).parents[3]
OPTIONS = ROOT / "options/train/zoo"
RESULTS = sorted((ROOT / "results/zoo").glob("*.json"))
MODELS = zoo.model_names()
MAX_BYTES = 60_000_000


def options_file(name: str) -> Path:
    return OPTIONS / read_model_header(zoo.find_model(name)).description.card["options"]


def test_there_are_models_and_they_are_not_too_large():
    assert zoo.DEFAULT_MODEL in MODELS
    assert sum(path.stat().st_size for path in zoo.FOLDER.rglob("*") if path.is_file()) < MAX_BYTES


def test_the_checksums_are_of_the_models_that_ship():
    assert sorted(read_sums(zoo.FOLDER)) == [f"{name}.safetensors" for name in MODELS]


def test_a_wheel_carries_them():
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 has no reader of TOML")
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["hyperthumb"]
    carried = {path for pattern in patterns for path in (ROOT / "hyperthumb").glob(pattern)}
    assert {zoo.find_model(name) for name in MODELS} | {zoo.FOLDER / FILE_NAME} <= carried


@pytest.mark.parametrize("name", MODELS)
def test_a_model_loads_and_has_a_card(name):
    header, model = read_model_header(zoo.find_model(name)), load_model(zoo.find_model(name))
    check_card(model.card)
    assert header.description.name == model.name == name
    assert (header.description.card, header.model_id) == (model.card, model.model_id)


def test_no_two_models_have_one_id():
    assert len({read_model_header(zoo.find_model(name)).model_id for name in MODELS}) == len(MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_its_options_file_makes_its_network(name, tmp_path, monkeypatch):
    monkeypatch.setenv("HYPERTHUMB_DATA", str(tmp_path))
    for path in (ROOT / "options/train").rglob("*.yml"):  # an options file may inherit from another
        for folder in re.findall(r"\$\{HYPERTHUMB_DATA\}/([\w/]+)", path.read_text(encoding="utf-8")):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for start in re.findall(r"pretrain_network_g: (\S+)", options_file(name).read_text(encoding="utf-8")):
        (tmp_path / start).parent.mkdir(parents=True)
        (tmp_path / start).touch()  # only its name is looked at here
    options = load_train_options(options_file(name))
    said = read_model_header(zoo.find_model(name)).description
    assert describe_part(portable_part(options.network_g)) == said.network_g
    assert options.scale == said.scale


def test_every_options_file_is_some_model_s_or_the_first_part_of_it():
    made = {options_file(name) for name in MODELS}
    inherited = {path.parent / base for path in made for base in re.findall(r"^base: (\S+)", path.read_text(), re.M)}
    assert made | inherited == set(OPTIONS.rglob("*.yml"))


def test_every_4x_model_is_measured_on_every_set():
    assert RESULTS
    headers = {name: read_model_header(zoo.find_model(name)) for name in MODELS}
    shipped = {name for name, header in headers.items() if header.description.scale == 4}
    for path in RESULTS:
        measured = {row.model for row in read_results(path) if row.rate_scale == 1}
        assert shipped <= measured, path.name


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_results_are_of_the_files_that_ship(path):
    for row in read_results(path):
        header = read_model_header(zoo.find_model(row.model))
        assert (row.sha256, row.model_id) == (header.sha256, header.model_id.hex())
        assert row.scale == header.description.scale
        assert f"--models {row.model} --data {path.stem} --rate_scales {row.rate_scale:g}" in row.command


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_means_are_those_of_the_images(path):
    for row in read_results(path):
        means = average(row.per_image)
        assert {field: getattr(row, field) for field in vars(means)} == dataclasses.asdict(means)
        assert row.images == len(row.per_image.image) == len(row.per_image.thumb_psnr)
