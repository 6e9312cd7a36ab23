"""Every shipped model is undamaged, has a card and an options file, and has been measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hyperthumb.benchmark.results import load_results
from hyperthumb.config import load_benchmark_options, load_train_options
from hyperthumb.metrics import QUALITY, mean_scores
from hyperthumb.models import zoo
from hyperthumb.models.file import describe_part, load_model, portable_part
from hyperthumb.models.header import read_model_header
from hyperthumb.models.zoo.checksums import FILE_NAME, read_sums
from model_card import check_card

ROOT = Path(__file__).parents[3]
OPTIONS = ROOT / "options/train/zoo"
RESULTS = load_results(ROOT / "results/zoo")
POINTS = [
    pytest.param(row, curve.dataset, point, id=f"{row.name}-{curve.dataset}-{point.setting}")
    for row in RESULTS.rows
    for curve in row.curves
    for point in curve.points
]
MODELS = zoo.model_names()
MAX_BYTES = 60_000_000


def options_file(name: str) -> Path:
    return OPTIONS / read_model_header(zoo.find_model(name)).description.card["options"]


def test_shipped_models_exist_and_are_small():
    assert zoo.DEFAULT_MODEL in MODELS
    assert sum(path.stat().st_size for path in zoo.FOLDER.rglob("*") if path.is_file()) < MAX_BYTES


def test_checksums_match_the_shipped_models():
    graphs = [f"{name}.{part}.onnx" for name in MODELS for part in ("decoder", "encoder", "tables")]
    assert sorted(read_sums(zoo.FOLDER)) == sorted([*graphs, *(f"{name}.safetensors" for name in MODELS)])


def test_shipped_graphs_name_no_folder_of_the_machine_that_exported_them():
    for path in zoo.FOLDER.glob("*.onnx"):
        assert b".py" not in path.read_bytes(), path


def test_the_wheel_includes_the_models():
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 has no reader of TOML")
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["hyperthumb"]
    carried = {path for pattern in patterns for path in (ROOT / "hyperthumb").glob(pattern)}
    assert (
        set(zoo.FOLDER.glob("*.onnx")) | {zoo.find_model(name) for name in MODELS} | {zoo.FOLDER / FILE_NAME} <= carried
    )


@pytest.mark.parametrize("name", MODELS)
def test_a_model_loads_and_has_a_card(name):
    header, model = read_model_header(zoo.find_model(name)), load_model(zoo.find_model(name))
    check_card(model.card)
    assert header.description.name == model.name == name
    assert (header.description.card, header.model_id) == (model.card, model.model_id)


def test_model_ids_are_unique():
    assert len({read_model_header(zoo.find_model(name)).model_id for name in MODELS}) == len(MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_the_options_file_of_a_model_builds_its_network(name, tmp_path, monkeypatch):
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


def test_every_options_file_belongs_to_a_model():
    """It is a model's own, or one that such a file inherits from or starts from."""
    found: set[Path] = set()
    left = {options_file(name) for name in MODELS}
    while left:
        path = left.pop()
        found.add(path)
        text = path.read_text(encoding="utf-8")
        bases = re.findall(r"^base: (\S+)", text, re.M)
        starts = [f"{name}.yml" for name in re.findall(r"pretrain_network_g: experiments/(\w+)/", text)]
        left |= {path.parent / name for name in (*bases, *starts)} - found
    assert found == set(OPTIONS.rglob("*.yml"))


@pytest.fixture
def rows(tmp_path, monkeypatch):
    """The rows of options/benchmark/zoo.yml by name."""
    monkeypatch.setenv("HYPERTHUMB_DATA", str(tmp_path))
    for dataset in RESULTS.datasets:
        (tmp_path / dataset.name).mkdir()
    options = load_benchmark_options(ROOT / "options/benchmark/zoo.yml")
    assert list(options.datasets) == [dataset.name for dataset in RESULTS.datasets]
    return {row.name: row for row in options.rows}


def test_every_4x_model_is_measured_on_every_set(rows):
    headers = {name: read_model_header(zoo.find_model(name)) for name in MODELS}
    shipped = {name for name, header in headers.items() if header.description.scale == 4}
    assert shipped
    for dataset in RESULTS.datasets:
        measured = {
            (rows[row.name].model, rows[row.name].profile)
            for row in RESULTS.rows
            for curve in row.curves
            if curve.dataset == dataset.name and "rate_scale=1" in [point.setting for point in curve.points]
        }
        assert {(name, profile) for name in shipped for profile in ("small", "default")} <= measured


def test_results_belong_to_the_shipped_files_and_options(rows):
    assert [row.name for row in RESULTS.rows] == list(rows)
    for row in RESULTS.rows:
        header = read_model_header(zoo.find_model(rows[row.name].model))
        assert row.weights_sha256 == header.sha256
        assert row.facts.scale == header.description.scale
        steps = f" refine={rows[row.name].refine}" if rows[row.name].refine else ""
        settings = {f"rate_scale={scale:g}{steps}" for scale in rows[row.name].rate_scales or [1.0]}
        assert {point.setting for curve in row.curves for point in curve.points} == settings


@pytest.mark.parametrize(("row", "dataset", "point"), POINTS)
def test_reported_means_equal_the_means_over_images(row, dataset, point):
    mean = mean_scores(point.images)
    for name in ("bpp", *QUALITY):
        expected = getattr(mean, name)
        # Scores of photographs are stored with 4 decimals, means are taken before that.
        assert getattr(point, name) == (None if expected is None else pytest.approx(expected, abs=6e-5)), name
    (info,) = [info for info in RESULTS.datasets if info.name == dataset]
    assert [image.image for image in point.images] == info.images


def test_standard_huffman_tables_make_files_larger_but_not_different(rows):
    by_name = {row.name: row for row in RESULTS.rows}
    for name in [name for name, row in rows.items() if row.profile == "default"]:
        small = by_name[name.removesuffix(", default Huffman")]
        for curve, other in zip(by_name[name].curves, small.curves, strict=True):
            for point, same in zip(curve.points, other.points, strict=True):
                assert (point.setting, point.psnr_rgb) == (same.setting, same.psnr_rgb)
                assert all(one.bytes > two.bytes for one, two in zip(point.images, same.images, strict=True))
