"""Tables and plots, made again from results.json alone."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
import warnings
from html import escape

import numpy as np
import pytest
from PIL import Image

from hyperthumb.base.errors import HyperthumbError, OptionsError
from hyperthumb.benchmark.report.latex import latex
from hyperthumb.benchmark.report.montage import write_montages
from hyperthumb.benchmark.report.plots import _measured, spread, write_plots
from hyperthumb.benchmark.report.published import find_published, published_names
from hyperthumb.benchmark.report.table import make_tables
from hyperthumb.benchmark.report.text_tables import comma_separated, image_scores, markdown
from hyperthumb.benchmark.report.write import write_report
from hyperthumb.benchmark.results import load_results, save_results
from hyperthumb.metrics import SECONDS
from tests.benchmark.synthetic import made_up_results, with_scores

pytestmark = pytest.mark.filterwarnings("ignore:BD-rates need")


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
        (lambda text: text.replace('"bpp": 0.2,', '"bpp": "x",', 1), "bpp: Input should be a valid number"),
        (lambda text: text.replace('"anchor"', '"ancor"'), "anchor: Field required"),
        (lambda text: text.replace('"anchor"', '"ancor": 1, "anchor"'), "ancor: Unexpected keyword"),
        (lambda text: text.replace('"target_bpp": 0.3,', ""), "target_bpp"),
        (
            lambda text: text.replace('"kind": "codec"', '"kind": "hammer"'),
            "facts.kind: Input should be 'rescaler' or 'codec'",
        ),
        (lambda text: text.replace('"bpp": 0.2,', '"bpp": 0,', 1), "a rate is not above 0"),
        (lambda text: text.replace('"target_bpp": 0.3,', '"target_bpp": 0,'), "a rate is not above 0"),
        (lambda text: re.sub(r'"psnr_y": [\d.]+', '"psnr_y": NaN', text, count=1), "a score is not a number"),
        (lambda text: text.replace('"anchor": "JPEG"', '"anchor": "JPG"'), "the anchor, 'JPG', is not one of the rows"),
    ],
)
def test_files_that_are_not_results_are_an_error(tmp_path, results, damage, message):
    path = tmp_path / "results.json"
    save_results(path, results)
    text = path.read_text(encoding="utf-8")
    assert damage(text) != text
    path.write_text(damage(text), encoding="utf-8")
    with pytest.raises(HyperthumbError, match=message):
        load_results(path)


def test_missing_results_are_an_error(tmp_path):
    with pytest.raises(HyperthumbError, match="there are no results at"):
        load_results(tmp_path / "results.json")


def test_a_second_report_writes_the_same_files(tmp_path, results):
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
    assert 'width="248.4pt"' in (folder / "rd_kodak.column.svg").read_text()  # 3.45 inches


def test_table_at_the_target_rate(results):
    tables = make_tables(results)
    text = markdown(results, tables)
    header, *lines = section(text, "## kodak, 2 images, at 0.30 bpp")
    rows = {line[0]: dict(zip(header, line, strict=True)) for line in lines}
    jpeg, ours, bicubic = rows["JPEG"], rows["Ours 4x"], rows["Bicubic & JPEG & Bicubic"]
    assert (jpeg["PSNR-RGB (dB)"], jpeg["thumb PSNR (dB)"], jpeg["BD-rate (%)"]) == ("*24.00*", "-", "-")
    assert (ours["PSNR-RGB (dB)"], ours["thumb PSNR (dB)"], ours["BD-PSNR (dB)"]) == ("**28.00**", "36.10", "+4.00")
    assert float(ours["BD-rate (%)"]) == pytest.approx(100 * (2 ** (-4 / 6) - 1), abs=0.06)
    assert (ours["parameters"], ours["scale"], ours["dec (kMAC/px)"]) == ("1,234,567", "4x", "8.2")
    assert (ours["encode (s)"], ours["decode (s)"]) == ("0.250", "0.125")
    assert (bicubic["PSNR-RGB (dB)"], bicubic["notes"]) == ("-", "measured at 0.291 bpp; no BD from 1 point")
    assert "|\n\nNo values at 0.30 bpp: Bicubic & JPEG & Bicubic (measured at 0.291 bpp); Ours without" in text
    assert not [title for title in header if title.startswith("LPIPS")]  # nothing measured it
    (failed,) = [line for line in lines if any("failed" in cell for cell in line)]
    assert failed[-2].startswith("failed: no weights at")
    _, *points = section(text, "Measured points")
    assert ["Bicubic & JPEG & Bicubic", "quality=29", "0.291", "24.88"] in [line[:4] for line in points]
    assert len(points) == 6 + 1 + 6 + 2


def test_rows_that_were_not_measured_on_a_set_are_not_in_its_table(results):
    first, *others = results.rows
    part = dataclasses.replace(first, curves=[curve for curve in first.curves if curve.dataset == "kodak"])
    kodak, set14 = make_tables(dataclasses.replace(results, rows=[part, *others]))
    assert kodak.lines[0].row.name == first.name
    assert first.name not in [line.row.name for line in set14.lines]


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


def test_tables_name_the_backbone_of_lpips(results):
    measured = dataclasses.replace(with_scores(results, lpips=0.25), lpips="alex")
    tables = make_tables(measured)
    text = markdown(measured, tables)
    assert "LPIPS (alex)" in section(text, "## kodak")[0]
    assert "LPIPS (alex)" in section(text, "Measured points:")[0]
    heads = latex(measured, tables).splitlines()
    titles = next(line for line in heads if line.startswith("Method"))
    units = heads[heads.index(titles) + 1]
    assert units.split(" & ")[titles.split(" & ").index("LPIPS")] == "(alex)"


def test_tables_explain_times_only_where_there_are_some(results):
    assert "in italics. Times are medians at the measured" in markdown(results, make_tables(results))
    untimed = with_scores(results, **dict.fromkeys(SECONDS))
    assert "in italics.\n\n## kodak" in markdown(untimed, make_tables(untimed))


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


def test_curves_beyond_the_plot_are_left_out_of_it(tmp_path, results):
    near = dataclasses.replace(results, target_bpp=0.08, anchor=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of names far outside
        write_plots(tmp_path, near, make_tables(near)[:1])
    names = re.findall(r">([^<]+)</text>", (tmp_path / "rd_kodak.svg").read_text())
    assert "Ours 4x" in names
    assert "Ours without rescaling" not in names


def test_csv_has_every_image_at_every_point(results):
    lines = list(csv.DictReader(io.StringIO(image_scores(make_tables(results)))))
    assert len(lines) == 2 * 2 * (6 + 1 + 6 + 2)  # sets and images
    wanted = ("set14", "Ours 4x", "quality=15", "kodim02")
    (line,) = [
        line for line in lines if tuple(line[key] for key in ("dataset", "method", "setting", "image")) == wanted
    ]
    image = results.rows[2].curves[1].points[0].images[1]
    assert (line["height"], line["width"], line["bytes"]) == ("512", "384", str(image.bytes))
    assert (float(line["psnr_rgb"]), line["lpips"]) == (image.psnr_rgb, "")


def test_latex_is_a_table_for_a_paper(results):
    text = latex(results, make_tables(results))
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 2
    assert r"\label{tab:made-up-4x-kodak}" in text
    assert r"Bicubic \& JPEG \& Bicubic\textsuperscript{a}\textsuperscript{b} & -- & --" in text
    assert r"\textsuperscript{a}measured at 0.291 bpp;" in text
    assert r"\emph{IRN \& JPEG (0.310 bpp)} & 28.48 & --" in text
    assert " & $-$37.0 & 4x & 50.5 & 8.2 & " in text
    assert r"\textbf{28.00} & \textbf{29.50}" in text
    assert r"\underline{24.00}" in text
    assert text.count(r"BD-rate & scale & enc & dec & parameters \\") == 2
    assert text.count(r" & (\%) &  & (kMAC/px) & (kMAC/px) &  \\") == 2
    assert "LPIPS" not in text
    assert "% Ours 4x: ships with hyperthumb" in text.splitlines()


def test_every_line_of_a_latex_table_has_all_cells_and_closes_what_it_opens(results):
    columns = 0
    for line in latex(results, make_tables(results)).splitlines():
        if line.startswith("%"):
            continue
        assert line.count("{") - line.count(r"\{") == line.count("}") - line.count(r"\}")
        if line.startswith(r"\begin{tabular}"):
            columns = len(re.sub(r"[^lr]", "", line.partition("}")[2]))
        if line.endswith(r"\\") and "multicolumn" not in line:
            assert len(re.findall(r"(?<!\\)&", line)) == columns - 1


def test_montages_show_every_row(tmp_path, results):
    one, other = write_montages(tmp_path, results)
    assert (one.name, other.name) == ("montage_kodim01.png", "montage_kodim02.png")
    sheet = np.asarray(Image.open(one).convert("RGB"))
    original = np.asarray(Image.open(tmp_path / results.crops[0].original)).repeat(4, axis=0).repeat(4, axis=1)
    assert np.array_equal(sheet[16 : 16 + 64 * 4, 16 : 16 + 96 * 4], original)  # 4 times: at least 320 pixels wide
    assert sheet.shape[1] == 16 + 3 * (96 * 4 + 16)
    (tmp_path / results.crops[0].restored[0].file).unlink()
    write_montages(tmp_path, results)
    assert np.asarray(Image.open(one)).shape[1] == 16 + 2 * (96 * 4 + 16)


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([5.0], [5.0]),
        ([7.0, 2.0], [7.0, 2.0]),
        ([5.0, 5.0, 5.0], [4.0, 5.0, 6.0]),
        ([0.2, 0.0], [1.0, 0.0]),  # not below the lowest
        ([9.9, 10.0, 3.0], [9.0, 10.0, 3.0]),  # not above the highest
    ],
)
def test_names_are_moved_apart_by_as_little_as_possible(places, expected):
    assert spread(places, 1.0, 0.0, 10.0) == pytest.approx(expected)


def test_plots_name_every_curve_at_its_end(tmp_path, results):
    write_plots(tmp_path, results, make_tables(results)[:1])
    text = (tmp_path / "rd_kodak.svg").read_text()
    for row in results.rows[:4]:
        assert text.count(f">{escape(row.name)}<") == 1
    assert {"codecs-name-0", "rescalers-2", "published-4"} <= set(re.findall(r'id="([^"]+)"', text))
    assert (tmp_path / "rd_kodak.pdf").read_bytes().startswith(b"%PDF")


def test_rows_have_different_colors_whatever_their_families(results):
    lines = [line for line in make_tables(results)[0].lines if line.points]
    assert len({line.family for line in lines}) > 1
    curves = _measured(lines, "psnr_rgb")
    assert len({curve.color for curve in curves}) == len(curves) == 4
    many = _measured(lines * 3, "psnr_rgb")
    looks = [(curve.family, curve.color, curve.marker) for curve in many]
    assert len(set(looks)) == len(looks) == 12


def test_short_curves_are_a_warning(results):
    with pytest.warns(
        UserWarning, match=r"need 6 points of a curve or more; fewer have: Bicubic & JPEG & Bicubic, Ours w"
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
