"""What a run measures, keeps, and passes over."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.baselines import BicubicJpeg
from hyperthumb.baselines.pillow_jpeg import JpegSettings
from hyperthumb.benchmark import runner
from hyperthumb.benchmark.report.write import write_report
from hyperthumb.benchmark.results import load_results
from hyperthumb.config import Component, load_benchmark_options
from hyperthumb.data import ImagePair
from hyperthumb.evaluation.evaluator import evaluate_image
from hyperthumb.evaluation.network_rescaler import NetworkRescaler
from hyperthumb.jpeg.file import read_jpeg
from hyperthumb.metrics import get_protocol
from hyperthumb.models.build import build_network
from hyperthumb.models.file import load_model, save_model
from tests.benchmark.runs import BICUBIC, JPEG, OURS, RIVAL, small_benchmark, write_benchmark
from tests.support import photograph, tiny_part, write_options

pytestmark = pytest.mark.filterwarnings("ignore:BD-rates need")


@pytest.fixture
def counted(monkeypatch):
    """Names of the images that are really measured, in order."""
    seen = []

    def count(rescaler, pair, *rest, **more):
        seen.append(pair.name)
        return evaluate_image(rescaler, pair, *rest, **more)

    monkeypatch.setattr(runner, "evaluate_image", count)
    return seen


def run(path):
    return runner.run_benchmark(load_benchmark_options(path))


def rows_of(results):
    return {row.name: row for row in results.rows}


def test_every_row_at_every_setting(tmp_path, counted, capsys):
    results = run(write_benchmark(tmp_path))
    rows = rows_of(results)
    assert list(rows) == [BICUBIC, JPEG, RIVAL, OURS]
    assert len(counted) == 2 * (3 + 7 + 3)
    assert load_results(tmp_path / "results/small") == results

    points = {name: row.curves[0].points for name, row in rows.items()}
    assert [point.setting for point in points[BICUBIC]] == ["quality=40", "quality=80", "quality=96"]
    assert [point.setting for point in points[OURS]] == ["rate_scale=10", "rate_scale=1", "rate_scale=0.1"]
    for name in (BICUBIC, JPEG, OURS):
        rates = [point.bpp for point in points[name]]
        assert rates == sorted(rates)
    assert rows[JPEG].facts.kind == "codec"
    assert all(scores.thumb_psnr is None for point in points[JPEG] for scores in (point, *point.images))
    assert (rows[OURS].facts.kind, rows[OURS].facts.scale) == ("rescaler", 4)
    assert rows[OURS].facts.parameters > 0
    assert rows[OURS].facts.kmacs_decode > 0
    assert rows[OURS].weights_sha256 is not None
    assert rows[BICUBIC].facts.parameters is None


def test_numbers_are_the_evaluator_s(tmp_path):
    results = run(write_benchmark(tmp_path))
    pair = ImagePair("photo1", photograph(80, 96, 1), None)
    scores = evaluate_image(BicubicJpeg(4, JpegSettings(quality=80)), pair, get_protocol("paper", 4)).scores
    point = rows_of(results)[BICUBIC].curves[0].points[1]
    assert point.images[1].bytes == scores.bytes
    assert point.images[1].psnr_rgb == pytest.approx(scores.psnr_rgb, abs=1e-4)
    assert point.images[1].thumb_psnr == pytest.approx(scores.thumb_psnr, abs=1e-4)
    assert point.bpp == pytest.approx(np.mean([image.bpp for image in point.images]), abs=1e-6)
    assert 0 < point.seconds_upscale < point.seconds_decode
    assert 0 < point.seconds_downscale < point.seconds_encode


def test_a_rival_that_fails_is_named_and_the_others_are_measured(tmp_path, capsys):
    results = run(write_benchmark(tmp_path))
    write_report(tmp_path / "results/small", results)
    rival = rows_of(results)[RIVAL]
    assert "irn.pth" in rival.failure
    assert rival.curves[0].points == []
    assert f"failed: {RIVAL}: there is no" in capsys.readouterr().err
    assert [row.name for row in results.rows if row.failure is None] == [BICUBIC, JPEG, OURS]
    assert {restored.row for restored in results.crops[0].restored} == {BICUBIC, JPEG, OURS}
    table = (tmp_path / "results/small/table.md").read_text()
    (line,) = [line for line in table.splitlines() if line.startswith(f"| {RIVAL}")]
    assert "failed" in line
    assert "irn.pth" in line


def test_a_rival_that_breaks_has_its_traceback_shown(tmp_path, capsys, monkeypatch):
    def broken(self, data):
        raise ZeroDivisionError("no such thing")

    monkeypatch.setattr(BicubicJpeg, "read", broken)
    rows = rows_of(run(write_benchmark(tmp_path)))
    assert rows[BICUBIC].failure == "ZeroDivisionError: no such thing"
    assert rows[JPEG].failure is None
    assert "Traceback" in capsys.readouterr().err


def test_a_second_run_computes_nothing(tmp_path, counted, monkeypatch):
    options = write_benchmark(tmp_path)
    first = run(options)
    files = {path: path.read_bytes() for path in (tmp_path / "results").rglob("*") if path.is_file()}
    counted.clear()
    for name in ("downscale", "upscale"):  # nor does a detail
        monkeypatch.setattr(NetworkRescaler, name, None)
    assert run(options) == first
    assert counted == []
    assert {path: path.read_bytes() for path in (tmp_path / "results").rglob("*") if path.is_file()} == files


def test_a_second_run_adds_what_is_new(tmp_path, counted):
    options = small_benchmark(tmp_path)
    run(write_options(tmp_path / "small.yml", options))
    counted.clear()
    options["rows"][0]["sweep"]["quality"].append(98)
    results = run(write_options(tmp_path / "small.yml", options))
    assert counted == ["photo0", "photo1"]
    assert len(rows_of(results)[BICUBIC].curves[0].points) == 4

    Image.fromarray(photograph(80, 96, 99)).save(tmp_path / "photos/photo0.png")
    counted.clear()
    run(tmp_path / "small.yml")
    assert set(counted) == {"photo0"}
    assert len(counted) == 4 + 7 + 3


def test_other_weights_and_other_protocols_are_measured_anew(tmp_path, counted):
    path = write_benchmark(tmp_path)
    run(path)
    counted.clear()
    from tests.support import save_tiny_model

    save_tiny_model(tmp_path / "tiny.safetensors", seed=5)
    run(path)
    assert len(counted) == 2 * 3
    counted.clear()
    runner.run_benchmark(load_benchmark_options(path, ["protocol=sr"]))
    assert len(counted) == 2 * (3 + 7 + 3)


def test_details_and_tables(tmp_path):
    results = run(write_benchmark(tmp_path))
    folder = tmp_path / "results/small"
    (crop,) = results.crops
    assert (crop.dataset, crop.image, crop.box) == ("photos", "photo1", [8, 16, 48, 32])
    original = photograph(80, 96, 1)
    assert np.array_equal(np.asarray(Image.open(folder / crop.original)), original[16:48, 8:56])
    restored = {one.row: one for one in crop.restored}
    assert restored[JPEG].tables is None

    model = load_model(tmp_path / "tiny.safetensors")
    points = rows_of(results)[OURS].curves[0].points
    # By this photograph's own rate; the other one's files are of another size.
    nearest = min(points, key=lambda point: abs(np.log(point.images[1].bpp / 0.8)))
    assert restored[OURS].setting == nearest.setting
    rescaler = NetworkRescaler(model.network, rate_scale=float(nearest.setting.removeprefix("rate_scale=")))
    data = rescaler.write(rescaler.downscale(original))
    picture = rescaler.upscale(rescaler.read(data), 80, 96)
    assert np.array_equal(np.asarray(Image.open(folder / restored[OURS].file)), picture[16:48, 8:56])
    assert restored[OURS].tables == read_jpeg(data).tables.tolist()
    assert restored[OURS].bpp == pytest.approx(8 * len(data) / (80 * 96), abs=1e-6)


def test_details_of_rows_that_went_are_removed(tmp_path):
    options = small_benchmark(tmp_path, crops=None)
    run(write_options(tmp_path / "small.yml", options))
    folder = tmp_path / "results/small/crops"
    assert len(list(folder.iterdir())) == 2 * (1 + 3)
    options["rows"] = options["rows"][:2]
    run(write_options(tmp_path / "small.yml", options))
    assert len(list(folder.iterdir())) == 2 * (1 + 2)


def test_a_refined_row_is_another_one(tmp_path, counted):
    options = small_benchmark(tmp_path)
    ours = {**options["rows"][-1], "rate_scales": [1]}
    options["rows"] = [options["rows"][1], ours]
    run(write_options(tmp_path / "small.yml", options))
    counted.clear()
    options["rows"].append({**ours, "name": "refined", "refine": 2})
    rows = rows_of(run(write_options(tmp_path / "small.yml", options)))
    assert counted == ["photo0", "photo1"]
    ((plain,), (refined,)) = (rows[name].curves[0].points for name in (OURS, "refined"))
    assert (plain.setting, refined.setting) == ("rate_scale=1", "rate_scale=1 refine=2")
    assert rows["refined"].facts.kmacs_encode > rows[OURS].facts.kmacs_encode
    network = load_model(tmp_path / "tiny.safetensors", with_rate_model=True).network
    rescaler = NetworkRescaler(network, refine=2)
    pair = ImagePair("photo1", photograph(80, 96, 1), None)
    scores = evaluate_image(rescaler, pair, get_protocol("paper", 4)).scores
    assert refined.images[1].bytes == scores.bytes != plain.images[1].bytes
    assert refined.images[1].psnr_rgb == pytest.approx(scores.psnr_rgb, abs=1e-4)


def test_a_row_with_a_refined_encoder(tmp_path):
    options = small_benchmark(tmp_path)
    ours = {**options["rows"][-1], "rate_scales": [1], "refine": {"what": "encoder", "steps": 2}}
    options["rows"] = [options["rows"][1], ours]
    row = rows_of(run(write_options(tmp_path / "small.yml", options)))[OURS]
    assert row.failure is None
    assert [point.setting for point in row.curves[0].points] == ["rate_scale=1 refine=encoder:2"]


def test_a_network_without_a_rate_model_is_refined(tmp_path, capsys):
    options = small_benchmark(tmp_path)
    without = Component("HyperThumbnail", {**tiny_part().arguments, "rate": None})
    save_model(tmp_path / "tiny.safetensors", build_network(without, 4), without, "tiny")
    options["rows"] = [options["rows"][1], {**options["rows"][-1], "refine": 2}]
    refined = rows_of(run(write_options(tmp_path / "small.yml", options)))[OURS]
    assert refined.failure is None
    assert {"refine=2"} == {point.setting.split()[-1] for point in refined.curves[0].points}


def test_rows_that_are_not_measured_now_stay(tmp_path, counted):
    options = load_benchmark_options(write_benchmark(tmp_path))
    before = runner.run_benchmark(options)
    shutil.rmtree(tmp_path / "results/small/points")
    counted.clear()
    results = runner.run_benchmark(options, only=[JPEG])
    assert len(counted) == 2 * 7
    assert [row.name for row in results.rows] == [BICUBIC, JPEG, RIVAL, OURS]
    for old, new in zip(before.rows, results.rows, strict=True):
        assert old == new or old.name == JPEG
    assert [one.row for one in results.crops[0].restored] == [BICUBIC, JPEG, OURS]
    assert all((tmp_path / "results/small" / one.file).is_file() for one in results.crops[0].restored)


def test_rows_alone_where_there_are_no_results_yet(tmp_path, counted):
    results = runner.run_benchmark(load_benchmark_options(write_benchmark(tmp_path)), only=[BICUBIC])
    assert [row.name for row in results.rows] == [BICUBIC]
    assert results.anchor is None
    assert load_results(tmp_path / "results/small") == results


def test_rows_do_not_stand_beside_those_of_other_photographs(tmp_path):
    path = write_benchmark(tmp_path, anchor=None)
    options = load_benchmark_options(path)
    runner.run_benchmark(options, only=[BICUBIC])
    Image.fromarray(photograph(80, 96, 99)).save(tmp_path / "photos/photo0.png")
    with pytest.raises(HyperthumbError, match=r"was measured on other photographs or with another protocol; run"):
        runner.run_benchmark(options, only=[JPEG])
    with pytest.raises(HyperthumbError, match='has no row "JPG"; did you mean "JPEG"'):
        runner.run_benchmark(options, only=["JPG"])


@pytest.mark.parametrize(
    ("crop", "message"),
    [
        ({"image": "photo7"}, 'no data set has the image "photo7"; did you mean "photo'),
        ({"image": "kodim19"}, 'no data set has the image "kodim19"; `crops: ~` shows details of the first'),
        ({"image": "photo1", "box": [80, 0, 32, 32]}, r"\[80, 0, 32, 32\] reaches beyond photo1 of 96x80 pixels"),
    ],
)
def test_unknown_details_are_an_error(tmp_path, crop, message):
    with pytest.raises(HyperthumbError, match=message):
        run(write_benchmark(tmp_path, crops=[crop]))


def test_a_damaged_point_is_reported(tmp_path):
    path = write_benchmark(tmp_path)
    run(path)
    for point in (tmp_path / "results/small/points").glob("*.json"):
        if json.loads(point.read_text())["identity"].get("method", {}).get("type") == "Jpeg":
            point.write_text("{")
    rows = rows_of(run(path))
    assert "is damaged" in rows[JPEG].failure
    assert rows[BICUBIC].failure is None
