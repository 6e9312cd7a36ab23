"""How a report shows means over seeds and differences from the anchor."""

from __future__ import annotations

import dataclasses

import pytest

from ablation.seeds import mean_over_seeds
from hyperthumb.benchmark.report.latex import latex
from hyperthumb.benchmark.report.pictures import picture_tables
from hyperthumb.benchmark.report.plots import write_plots
from hyperthumb.benchmark.report.table import make_tables
from hyperthumb.benchmark.report.text_tables import markdown
from hyperthumb.benchmark.results import BenchmarkResults, load_results, save_results
from tests.benchmark.synthetic import made_up_results

OURS, OTHER = "Ours 4x", "another"
pytestmark = pytest.mark.filterwarnings("ignore:BD-rates need")


def with_psnr(results: BenchmarkResults, shifts: dict[str, float]) -> BenchmarkResults:
    """One row copied to each name, with a PSNR that is shifted by so much; the first is the anchor."""
    row = next(row for row in results.rows if row.name == OURS)

    def shifted(name: str, by: float):
        curves = [
            dataclasses.replace(curve, points=[
                dataclasses.replace(point, psnr_rgb=point.psnr_rgb + by, images=[
                    dataclasses.replace(image, psnr_rgb=image.psnr_rgb + by * (1 + 0.1 * number))
                    for number, image in enumerate(point.images)
                ], setting=f"rate_scale={point.bpp + by:.3f}")
                for point in curve.points
            ])
            for curve in row.curves
        ]  # fmt: skip
        return dataclasses.replace(row, name=name, curves=curves)

    rows = [shifted(name, by) for name, by in shifts.items()]
    return dataclasses.replace(results, anchor=next(iter(shifts)), rows=rows)


@pytest.fixture
def seeds(tmp_path) -> list[BenchmarkResults]:
    """`another` is 0.03 dB better on average, and 0.1 dB apart from itself; `clear` is 1 dB better."""
    made = made_up_results(tmp_path)
    return [
        with_psnr(made, {OURS: one, OTHER: other, "clear": 1 + one})
        for one, other in ((0.0, 0.1), (0.1, 0.03), (-0.1, -0.04))
    ]


def test_means_have_their_spread(seeds):
    mean = mean_over_seeds(seeds, "mean")
    assert (mean.name, mean.anchor, mean.crops) == ("mean", OURS, [])
    for point, alone in zip(mean.rows[0].curves[0].points, seeds[0].rows[0].curves[0].points, strict=True):
        assert point.psnr_rgb == pytest.approx(alone.psnr_rgb)
        assert point.spread["psnr_rgb"] == pytest.approx(0.1)
        assert point.spread["ssim"] == pytest.approx(0, abs=1e-9)
        assert point.images[1].psnr_rgb == pytest.approx(alone.images[1].psnr_rgb)
        assert point.setting == f"rate_scale={alone.bpp:.3f}, {alone.bpp + 0.1:.3f}, {alone.bpp - 0.1:.3f}"
    assert "mean of 3 seeds" in mean.rows[0].obtained


def test_rates_that_a_seed_lacks_are_left_out_and_failures_stay(seeds):
    short = seeds[1].rows[0]
    curves = [dataclasses.replace(curve, points=curve.points[1:]) for curve in short.curves]
    failed = dataclasses.replace(seeds[1].rows[1], failure="no weights", curves=[])
    rows = [dataclasses.replace(short, curves=curves), failed, seeds[1].rows[2]]
    rows[1] = dataclasses.replace(failed, curves=[dataclasses.replace(c, points=[]) for c in short.curves])
    mean = mean_over_seeds([seeds[0], dataclasses.replace(seeds[1], rows=rows), seeds[2]], "mean")
    assert [len(row.curves[0].points) for row in mean.rows] == [5, 0, 6]
    assert [row.failure for row in mean.rows] == [None, "no weights", None]


def test_differences_below_the_spread_are_marked(seeds, tmp_path):
    mean = mean_over_seeds(seeds, "mean")
    save_results(tmp_path / "results.json", mean)
    assert load_results(tmp_path) == mean
    tables = make_tables(mean)
    lines = {line.row.name: line for line in tables[0].lines}
    assert lines[OTHER].delta.difference == pytest.approx(0.03 * 1.05, abs=1e-6)
    assert any("PSNR differs by less than seeds do (0.12 dB)" in note for note in lines[OTHER].notes)
    assert not any("PSNR differs" in note and "thumb" not in note for note in lines["clear"].notes)
    text = markdown(mean, tables)
    assert "28.00 ± 0.10" in text
    assert "means over seeds, with their standard deviation" in text
    assert r"$\pm$" in latex(mean, tables)
    assert f"from {OURS}" in picture_tables(mean, tables)
    plots = {path.name: path for path in write_plots(tmp_path, mean, tables[:1])}
    assert 'id="models-band-0"' in plots["rd_kodak.svg"].read_text()


def test_a_single_training_has_no_spread(seeds, tmp_path):
    tables = make_tables(seeds[0])
    assert all(line.at_target.spread == {} for line in tables[0].lines)
    assert not any("seeds" in note for line in tables[0].lines for note in line.notes)
    plots = {path.name: path for path in write_plots(tmp_path, seeds[0], tables[:1])}
    assert "-band-" not in plots["rd_kodak.svg"].read_text()
    save_results(tmp_path / "results.json", seeds[0])
    assert '"spread"' not in (tmp_path / "results.json").read_text()
