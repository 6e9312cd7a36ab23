from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from hyperthumb.base.errors import HyperthumbError
from runtime import files
from runtime.cases import SIZES, Case, Point, cases, pareto_size
from runtime.plots import draw, ms_per_megapixel, read_quality
from scripts import measure_runtime
from scripts.measure_runtime import as_table, main
from tests.support import write_photographs

ROOT = measure_runtime.ROOT
MODELS, PRECISIONS = ["lite_4x", "fast_4x", "lite_2x_low"], ["fp32", "bf16", "int8"]
ALL = list(cases(SIZES, MODELS, ["onnxruntime", "torch"], PRECISIONS))


def point(case: Case) -> Point:
    megapixels = case.width * case.height / 1e6
    pace = {"layers": 1.0, "torch": 0.3, "onnxruntime": 0.2, "pillow": 0.02}[case.engine]
    stages = {"codec": "decoding", "command": "process"}.get(case.part, "network")
    return Point(case, {stages: pace * megapixels, "PNG": 1.0}, 3, 9.0, int(3e8 + 1e8 * megapixels), 1000, 2.0)


def test_every_size_has_the_reference_and_no_case_comes_twice():
    assert len(set(ALL)) == len(ALL)
    assert [(case.width, case.height) for case in ALL if case.engine == "layers"] == list(SIZES)
    assert {(case.width, case.height) for case in ALL if case.model in ("AVIF", "lite_2x_low")} == {pareto_size(SIZES)}
    assert {(case.width, case.height) for case in ALL if case.model == "fast_4x"} == set(SIZES)


@pytest.mark.parametrize("left_out", ["bf16", "int8"])
def test_a_precision_that_is_not_named_is_left_out(left_out):
    kept = [precision for precision in PRECISIONS if precision != left_out]
    assert [case for case in ALL if case.precision != left_out] == list(
        cases(SIZES, MODELS, ["onnxruntime", "torch"], kept)
    )


def test_int8_is_measured_for_two_models_at_every_size():
    decoders = [case for case in ALL if case.precision == "int8" and case.part == "restore"]
    assert {(case.model, case.engine) for case in decoders} == {(model, "onnxruntime") for model in MODELS[:2]}
    assert len(decoders) == 2 * len(SIZES)


def test_compressing_is_measured_in_int8_too_but_not_in_pytorch():
    encoders = [
        case
        for case in cases(SIZES, MODELS, ["onnxruntime", "openvino", "torch"], PRECISIONS)
        if (case.part, case.precision) == ("compress", "int8")
    ]
    assert {(case.model, case.engine) for case in encoders} == {("lite_4x", "onnxruntime"), ("lite_4x", "openvino")}
    assert len(encoders) == 2 * len(SIZES)


def test_only_models_that_compress_get_an_int8_encoder(tmp_path, monkeypatch):
    exported = []
    monkeypatch.setattr(files.hyperthumb, "export", lambda *arguments: exported.append(arguments[:4]))
    todo = [case for case in cases([(64, 48)], MODELS, ["onnxruntime"], PRECISIONS) if case.precision == "int8"]
    files.prepare(ROOT / "docs/images/demo.jpg", todo, tmp_path, write_photographs(tmp_path / "photos", 1))
    assert exported == [
        (tmp_path / "fast_4x.safetensors", tmp_path, "decoder", "int8"),
        (tmp_path / "lite_4x.safetensors", tmp_path, "both", "int8"),
    ]


def test_the_quality_of_the_pareto_plot_is_that_of_the_committed_table():
    quality = read_quality(ROOT)
    assert quality["lite_4x"] == pytest.approx(29.06, abs=0.01)
    assert quality["fast_4x"] == pytest.approx(28.62, abs=0.01)
    assert quality["AVIF"] > quality["WebP"]
    assert quality["paper"] == pytest.approx(29.42, abs=0.01)


def test_writing_a_png_does_not_count_as_decoding():
    case = Case("restore", "lite_4x", "onnxruntime", "fp32", 1000, 500)
    assert ms_per_megapixel(Point(case, {"network": 0.5, "PNG": 7.0}, 1, 9.0, 1, 1, 0.0)) == 1000


def test_plots_and_table_are_made_of_points(tmp_path):
    points = [point(case) for case in ALL]
    for path in draw(points, SIZES, read_quality(ROOT), tmp_path):
        with Image.open(path) as image:
            assert min(image.size) > 500
    lines = as_table(points).splitlines()
    assert len(lines) == len(points) + 2
    assert "| restore | lite_4x, torch, fp32 | 3840x2160 | network 2.488, PNG 1.000 | 0.30 | 1,129 MB | 2.0 |" in lines


def test_a_picture_is_mirrored_or_cropped_to_a_size():
    picture = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    np.testing.assert_array_equal(files.at_size(picture, 3, 4), [*picture, *picture[::-1]])
    np.testing.assert_array_equal(files.at_size(picture, 2, 1), picture[:1, :2])


def test_a_quick_run_writes_results_and_plots(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(measure_runtime, "QUICK_SIZES", ((64, 48),))
    words = ["--quick", "--models", "qpm_1x", "--engines", "onnxruntime", "--threads", "1", "-o", str(tmp_path)]
    assert main(words) == 0
    assert capsys.readouterr().out.count("\n") == 7
    points = json.loads((tmp_path / "results.json").read_text())["points"]
    assert [each["case"]["part"] for each in points] == ["restore", "compress", "codec", "codec", "command"]
    assert list(points[0]["seconds"]) == ["entropy decoding", "network", "PNG"]
    assert all(min(each["seconds"].values()) > 0 and each["peak_bytes"] > 2e7 for each in points)
    assert points[2]["peak_bytes"] < 2e8  # without what this process has in memory
    assert (tmp_path / "figure5.png").is_file()
    assert (tmp_path / "pareto.png").is_file()


def test_a_process_that_fails_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    case = Case("restore", "no_such_model", "onnxruntime", "fp32", 64, 48)
    (tmp_path / "no_such_model_64x48.jpg").write_bytes(b"")
    with pytest.raises(HyperthumbError, match=r'no_such_model, onnxruntime, fp32 failed: .*"no_such_model"'):
        measure_runtime.measure(case, tmp_path, 1, 1)
