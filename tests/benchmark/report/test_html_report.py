"""The report as text: whole, self-contained, and safe with any name."""

import dataclasses
import json
import warnings
from html.parser import HTMLParser

import pytest

from hyperthumb.base.errors import CorruptImageError, HyperthumbError
from hyperthumb.benchmark.report.html_report import write_html
from hyperthumb.benchmark.report.table import make_tables
from hyperthumb.benchmark.results import FILE_NAME, load_results, save_results
from hyperthumb.metrics import SECONDS
from tests.benchmark.synthetic import HOSTILE, made_up_plots, made_up_results, with_scores


class Reading(HTMLParser):
    """The elements of a page with their attributes, its text, and its tables as rows of cells."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.texts, self.tables, self.scripts, self.styles = [], [], [], [], []
        self._open = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
        elif tag == "small":
            self.tables[-1][-1][-1] += "|"

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        inside = self._open[-1] if self._open else ""
        if inside in ("script", "style"):
            (self.scripts if inside == "script" else self.styles).append(data)
            return
        self.texts.append(data)
        if "td" in self._open or "th" in self._open:
            self.tables[-1][-1][-1] += data

    def row(self, name, table=0):
        return next(row for row in self.tables[table] if row[0].split("|")[0] == name)


def report(folder, results, plots=()):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of short curves
        tables = make_tables(results)
    path = write_html(folder, results, tables, plots)
    return Reading(path.read_text(encoding="utf-8"))


def columns(reading, name, table=0):
    """A measured row's cells by their columns' keys."""
    keys = [attributes["data-key"] for tag, attributes in reading.elements if tag == "th" and "data-key" in attributes]
    count = keys.index("method", 1) if "method" in keys[1:] else len(keys)
    return dict(zip(keys[:count], reading.row(name, table), strict=True))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def results(folder):
    return made_up_results(folder)


@pytest.fixture(scope="module")
def page(folder, results):
    return report(folder, results, made_up_plots(folder))


def test_the_page_is_self_contained(page):
    for tag, attributes in page.elements:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form")
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            assert attributes.get(name, "data:").startswith(("data:", "#"))
    for part in (*page.styles, page.scripts[1]):
        assert "url(" not in part
        assert "@import" not in part
        assert "//" not in part.replace("// ", "")  # comments apart, nothing with a scheme
    policies = [attributes["content"] for tag, attributes in page.elements if "http-equiv" in attributes]
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none'; img-src data:; ")


def test_plots_are_inside(page):
    figures = [a["aria-label"] for tag, a in page.elements if tag == "figure" and "aria-label" in a]
    assert figures == [
        f"Rate and distortion of the {what} on {dataset}"
        for dataset in ("kodak", "set14")
        for what in ("restored photographs", "thumbnails")
    ]
    assert [tag for tag, _ in page.elements].count("svg") == len(figures)


def test_names_are_never_markup(page, folder, results):
    assert page.row(HOSTILE)[0] == f"{HOSTILE}|"  # a row that failed was not obtained
    assert page.row(HOSTILE)[1] == f"failed no weights at {HOSTILE}"
    assert "Benchmark made_up <4x>" in page.texts
    assert HOSTILE in page.texts  # the environment
    first, *others = results.rows
    rows = [dataclasses.replace(first, obtained=HOSTILE), *others]
    assert report(folder, dataclasses.replace(results, rows=rows)).row(first.name)[0] == f"{first.name}|{HOSTILE}"
    assert not [attributes for _, attributes in page.elements if "onerror" in attributes]
    assert len(page.scripts) == 2


def test_names_in_data_do_not_end_the_script(folder, results, page):
    named = dataclasses.replace(results.crops[0], image=HOSTILE)
    reading = report(folder, dataclasses.replace(results, crops=[named]))
    assert len(reading.scripts) == 2
    (detail,) = json.loads(reading.scripts[0])["details"]
    assert detail["key"] == HOSTILE


def test_numbers(page):
    ours = columns(page, "Ours 4x")
    assert ours["method"].startswith("Ours 4x|ships with hyperthumb")
    assert ours["psnr_rgb_at_target"] == "28.00"
    assert ours["bpp"] == "0.330"
    assert ours["setting"] == "quality=33"
    assert ours["thumb_psnr"] == "36.10"
    times = [ours[f"seconds_{step}"] for step in ("encode", "downscale", "decode", "upscale")]
    assert times == ["0.250", "0.200", "0.125", "0.100"]
    assert (ours["kmacs_encode"], ours["kmacs_decode"], ours["parameters"]) == ("50.5", "8.2", "1,234,567")
    assert ours["bd_rate"].startswith("-")
    assert ours["scale"] == "4x"


def test_missing_values_are_dashes_with_a_note(page):
    single = columns(page, "Bicubic & JPEG & Bicubic")
    assert single["psnr_rgb_at_target"] == single["bd_rate"] == "-"
    assert "measured at 0.291 bpp" in single["method"]
    assert columns(page, "JPEG")["bd_rate"] == "-"  # the anchor itself


def test_cells_carry_exact_values_to_sort_by(results, page):
    values = [attributes.get("data-value") for tag, attributes in page.elements if tag == "td"]
    point = results.rows[2].curves[0].points[3]
    assert repr(point.psnr_rgb) in values


def test_columns_follow_what_was_measured(folder, results, page):
    assert "lpips" not in columns(page, "JPEG")
    measured = with_scores(results, lpips=0.25)
    without = report(folder, dataclasses.replace(measured, anchor=None, lpips="squeeze"))
    assert {"lpips", "lpips_at_target"} < columns(without, "JPEG").keys()
    assert without.tables[0][1].count("LPIPS|squeeze") == 2
    assert not {"bd_rate", "bd_psnr"} & columns(without, "JPEG").keys()


def test_the_best_and_the_second_best_are_marked(page):
    classes = [(a["class"].split(), a.get("data-value")) for tag, a in page.elements if tag == "td" and "class" in a]
    at_target = [(kinds, value) for kinds, value in classes if "of-target" in kinds]
    assert "28.0" in [value for kinds, value in at_target if "best" in kinds]  # Ours 4x, PSNR-RGB
    assert "24.0" in [value for kinds, value in at_target if "second" in kinds]  # JPEG
    assert all({"of-target", "of-anchor"} & set(kinds) for kinds, _ in classes if {"best", "second"} & set(kinds))


def test_published_figures_stand_apart(page):
    assert page.row("IRN & JPEG", table=1)[1:4] == ["0.310", "28.48", "30.95"]
    assert "table 1" in page.row("IRN & JPEG", table=1)[4]
    assert [row[0] for row in page.tables[1]] == ["method", "jpeg", "IRN & JPEG"]
    assert "IRN & JPEG" not in [row[0].split("|")[0] for row in page.tables[0]]
    assert "Published by others, not measured here" in page.texts


def test_devices_are_named_by_row_where_they_differ(folder, results, page):
    assert "times on" not in columns(page, "JPEG")["method"]
    row = results.rows[0]
    elsewhere = [
        dataclasses.replace(
            curve, points=[dataclasses.replace(point, device="another processor") for point in curve.points]
        )
        for curve in row.curves
    ]
    rows = [dataclasses.replace(row, curves=elsewhere), *results.rows[1:]]
    reading = report(folder, dataclasses.replace(results, rows=rows))
    assert columns(reading, "JPEG")["method"] == "JPEG|measuredtimes on another processor"
    assert columns(reading, "Ours 4x")["method"].endswith("times on a processor, 1 thread(s)")


def test_a_report_without_times_names_no_device_of_times(folder, results, page):
    assert any("Times on a processor" in text for text in page.texts)
    untimed = report(folder, with_scores(results, **dict.fromkeys(SECONDS)))
    assert not any("imes on" in text for text in untimed.texts)
    assert untimed.texts[untimed.texts.index("times taken on") + 1] == "no times were taken"


def test_how_it_was_measured(page):
    for text in ("paper: RGB, whole image", "2 images, 384x512 to 768x512; SHA-256 of the pixels " + "cd" * 32):
        assert text in page.texts
    assert "ships with hyperthumb. SHA-256 of the weights " + "ab" * 32 in page.texts


def test_details_in_the_viewer(page):
    first, second = json.loads(page.scripts[0])["details"]
    assert (first["key"], first["label"]) == ("kodim01", "kodim01 (kodak), 96 x 64 at (8, 16)")
    assert second["key"] == "kodim02"
    assert [method["name"] for method in first["methods"]] == ["original", "JPEG", "Ours 4x"]
    assert first["methods"][2]["caption"] == "quality=1, 0.350\u00a0bpp, 25.50\u00a0dB"
    assert all(method["picture"].startswith("data:image/webp;base64,") for method in first["methods"])
    assert [method["tables"] is None for method in first["methods"]] == [True, True, False]


def test_two_details_of_one_image_have_two_names(folder, results, page):
    reading = report(folder, dataclasses.replace(results, crops=[results.crops[0]] * 3))
    keys = [detail["key"] for detail in json.loads(reading.scripts[0])["details"]]
    assert keys == ["kodim01", "kodim01 #2", "kodim01 #3"]


def test_without_details_there_is_no_viewer(folder, results, page):
    reading = report(folder, dataclasses.replace(results, crops=[]))
    assert "Details side by side" not in reading.texts
    assert json.loads(reading.scripts[0]) == {"details": []}


def test_a_missing_picture_is_named_and_left_out(tmp_path):
    results = made_up_results(tmp_path)
    (tmp_path / results.crops[0].restored[0].file).unlink()
    reading = report(tmp_path, results)
    methods = json.loads(reading.scripts[0])["details"][0]["methods"]
    assert [method["name"] for method in methods] == ["original", "Ours 4x"]
    assert "Not shown, because the pictures are not beside the results: kodim01_0.png." in reading.texts


def test_a_damaged_picture_is_an_error(tmp_path):
    results = made_up_results(tmp_path)
    path = tmp_path / results.crops[0].restored[0].file
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(CorruptImageError, match=r"kodim01_0\.png"):
        report(tmp_path, results)


def test_a_missing_plot_is_an_error(tmp_path):
    results = made_up_results(tmp_path)
    with pytest.raises(HyperthumbError, match=r"cannot read .*rd_kodak\.svg"):
        write_html(
            tmp_path, results, make_tables(dataclasses.replace(results, anchor=None)), [tmp_path / "rd_kodak.svg"]
        )


def test_the_same_from_the_file(tmp_path):
    results = made_up_results(tmp_path)
    report(tmp_path, results)
    first = (tmp_path / "report.html").read_bytes()
    save_results(tmp_path / FILE_NAME, results)
    report(tmp_path, load_results(tmp_path))
    assert (tmp_path / "report.html").read_bytes() == first
