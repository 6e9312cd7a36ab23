"""Tables and plots, made again from results.json alone."""

from __future__ import annotations

import csv
import dataclasses
import io
import re

import pytest
from PIL import Image

from hyperthumb.base.errors import HyperthumbError, OptionsError
from hyperthumb.benchmark.report.published import find_published, published_names
from hyperthumb.benchmark.report.table import make_tables
from hyperthumb.benchmark.report.text_tables import comma_separated, latex, markdown
from hyperthumb.benchmark.report.write import write_report
from hyperthumb.benchmark.results import load_results, save_results
from tests.benchmark.synthetic import made_up_results

pytestmark = pytest.mark.filterwarnings("ignore:BD-rates want")


@pytest.fixture
def results(tmp_path):
    return made_up_results(tmp_path)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line[1:-1].split("|")]


def section(text: str, title: str) -> list[list[str]]:
    """The first table after a line that begins with `title`."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(title)) + 2
    end = next((i for i in range(start, len(lines)) if not lines[i].startswith("|")), len(lines))
    return [cells(line) for line in (lines[start], *lines[start + 2 : end])]


def test_results_come_back_as_they_were(tmp_path, results):
    save_results(tmp_path / "results.json", results)
    assert load_results(tmp_path) == results
    assert load_results(tmp_path / "results.json") == results


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[: len(text) // 2], "cannot be read"),
        (lambda text: text.replace('"format": 1', '"format": 7'), "format 7, not 1"),
        (lambda text: text.replace('"bpp": 0.2,', '"bpp": "x",', 1), "not a float"),
        (lambda text: text.replace('"anchor"', '"ancor"'), "has no ancor"),
        (lambda text: text.replace('"target_bpp": 0.3,', ""), "target_bpp"),
        (lambda text: text.replace('"kind": "codec"', '"kind": "hammer"'), "hammer"),
        (lambda text: text.replace('"bpp": 0.2,', '"bpp": 0,', 1), "a rate is not above 0"),
        (lambda text: text.replace('"target_bpp": 0.3,', '"target_bpp": 0,'), "a rate is not above 0"),
        (lambda text: re.sub(r'"psnr_y": [\d.]+', '"psnr_y": NaN', text, count=1), "a score is not a number"),
        (lambda text: text.replace('"anchor": "JPEG"', '"anchor": "JPG"'), "the anchor, 'JPG', is not one of the rows"),
    ],
)
def test_results_that_are_not(tmp_path, results, damage, message):
    path = tmp_path / "results.json"
    save_results(path, results)
    text = path.read_text(encoding="utf-8")
    assert damage(text) != text
    path.write_text(damage(text), encoding="utf-8")
    with pytest.raises(HyperthumbError, match=message):
        load_results(path)


def test_no_results(tmp_path):
    with pytest.raises(HyperthumbError, match="there are no results at"):
        load_results(tmp_path / "results.json")


def test_the_same_files_again(tmp_path, results):
    folder = tmp_path / "made"
    written = write_report(folder, results)
    save_results(folder / "results.json", results)
    before = {path: path.read_bytes() for path in written}
    assert {"table.md", "table.tex", "table.csv", "rd_kodak.png", "rd_kodak.svg", "thumb_set14.svg"} <= {
        path.name for path in before
    }
    for path in written:
        path.unlink()
    assert write_report(folder, load_results(folder)) == written
    assert {path: path.read_bytes() for path in written} == before
    assert Image.open(folder / "rd_kodak.png").size[0] > 1000
    assert "Ours 4x" in (folder / "rd_kodak.svg").read_text()


def test_table_at_the_target_rate(results):
    tables = make_tables(results)
    text = markdown(results, tables)
    header, *lines = section(text, "## kodak, 2 images, at 0.30 bpp")
    rows = {line[0]: dict(zip(header, line, strict=True)) for line in lines}
    jpeg, ours, bicubic = rows["JPEG"], rows["Ours 4x"], rows["Bicubic & JPEG & Bicubic"]
    assert (jpeg["bpp"], jpeg["PSNR-RGB"], jpeg["thumb PSNR"], jpeg["BD-rate %"]) == ("0.300", "24.00", "-", "-")
    assert (ours["PSNR-RGB"], ours["thumb PSNR"], ours["BD-PSNR dB"]) == ("28.00", "36.10", "+4.00")
    assert float(ours["BD-rate %"]) == pytest.approx(100 * (2 ** (-4 / 6) - 1), abs=0.06)
    assert (ours["parameters"], ours["scale"], ours["dec kMAC/px"]) == ("1,234,567", "4x", "8.2")
    assert (ours["encode s"], ours["decode s"]) == ("0.250", "0.125")
    assert (bicubic["bpp"], bicubic["notes"]) == ("-", "measured at 0.291 bpp; no BD from 1 point")
    (failed,) = [line for line in lines if "failed" in line]
    assert failed[-1].startswith("failed: no weights at")
    _, *nearest = section(text, "Measured points nearest")
    assert ["Bicubic & JPEG & Bicubic", "quality=29", "0.291", "24.88"] in [line[:4] for line in nearest]
    assert len(nearest) == 4


def test_published_figures_stand_apart(results):
    text = markdown(results, make_tables(results))
    measured = [line[0] for line in section(text, "## kodak")]
    assert "IRN & JPEG" not in measured
    _, *published = section(text, "Published by others, not measured here")
    assert [line[:4] for line in published] == [
        ["jpeg", "0.300", "26.03", "-"],
        ["IRN & JPEG", "0.310", "28.48", "30.95"],
    ]
    table = make_tables(dataclasses.replace(results, protocol="sr"))
    assert all(not one.published for one in table)


def test_csv_has_every_point_and_says_what_it_is(results):
    lines = list(csv.DictReader(io.StringIO(comma_separated(results, make_tables(results)))))
    kodak = [line for line in lines if line["dataset"] == "kodak"]
    assert [line["what"] for line in kodak].count("measured") == 6 + 1 + 6 + 2
    assert [line["what"] for line in kodak].count("interpolated") == 4
    assert [line["what"] for line in kodak].count("failed") == 1
    (single,) = [line for line in kodak if line["what"] == "interpolated" and line["method"].startswith("Bicubic")]
    assert (single["bpp"], single["psnr_rgb"]) == ("", "")
    measured = [line for line in kodak if line["what"] == "measured" and line["method"] == "JPEG"]
    assert [float(line["bpp"]) for line in measured] == [0.2, 0.25, 0.35, 0.5, 0.8, 1.2]
    assert len([line for line in kodak if line["what"] == "published" and line["method"] == "jpeg"]) == 19


def test_latex_is_escaped(results):
    text = latex(results, make_tables(results))
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 2
    assert r"Bicubic \& JPEG \& Bicubic" in text
    assert r"\emph{IRN \& JPEG}" in text
    assert text.count(r"enc kMAC/px & dec kMAC/px & parameters \\") == 2
    assert "% Ours 4x: ships with hyperthumb" in text.splitlines()
    rows = [line for line in text.splitlines() if line.endswith(r"\\") and "multicolumn" not in line]
    assert len({line.replace(r"\&", "").count("&") for line in rows}) == 1


def test_short_curves_are_a_warning(results):
    with pytest.warns(
        UserWarning, match=r"want 6 points of a curve or more; fewer have: Bicubic & JPEG & Bicubic, Ours w"
    ):
        make_tables(results)
    short = dataclasses.replace(results, anchor="Ours without rescaling")
    with pytest.warns(UserWarning, match="fewer have: the anchor Ours without rescaling, "):
        make_tables(short)


def test_published_names():
    assert {"jpeg", "elic2022", "HCFlow & JPEG", "HiFiC + JPEG"} <= set(published_names())
    (curve,) = find_published(["webp_m6"], "Kodak")
    assert curve.is_curve
    assert len(curve.bpp) == len(curve.psnr_rgb) == 11
    assert find_published(["webp_m6"], "set5") == []
    (point,) = find_published(["HyperThumbnail"], "set14")
    assert (point.bpp, point.psnr_rgb, point.thumb_psnr) == ((), (27.87,), None)
    with pytest.raises(OptionsError, match='no figures of "elic"; did you mean "elic2022"'):
        find_published(["elic"], "kodak")


def test_every_curve_rises():
    for name in published_names():
        for entry in find_published([name], "kodak"):
            assert list(entry.bpp) == sorted(entry.bpp), name
            assert entry.source
