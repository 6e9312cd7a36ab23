"""The table of pictures."""

from __future__ import annotations

import dataclasses

import pytest

from hyperthumb.benchmark.report.pictures import picture_tables
from hyperthumb.benchmark.report.table import make_tables
from tests.benchmark.synthetic import made_up_results

pytestmark = pytest.mark.filterwarnings("ignore:BD-rates need")


def test_every_picture_has_a_line_for_each_method_that_reaches_the_target(tmp_path):
    results = made_up_results(tmp_path)
    text = picture_tables(results, make_tables(results)).partition("## kodak")[2].partition("##")[0]
    head, _, *lines = ([cell.strip() for cell in line[1:-1].split("|")] for line in text.splitlines() if "|" in line)
    assert head[:2] == ["picture", "JPEG"]
    assert [line[0] for line in lines] == ["kodim01", "kodim02", "mean", "from JPEG"]
    ours = head.index("Ours 4x")
    assert float(lines[2][ours]) == pytest.approx(28.0, abs=0.02)
    assert lines[3][1] == "-"
    assert lines[3][ours].startswith("+4.0")
    assert "No values at 0.30 bpp: Bicubic & JPEG & Bicubic (measured at 0.291 bpp); Ours without" in text


def test_an_anchor_that_does_not_reach_the_target_is_said_to_be_why_differences_are_missing(tmp_path):
    results = dataclasses.replace(made_up_results(tmp_path), anchor="Ours without rescaling")
    text = picture_tables(results, make_tables(results))
    assert "Ours without rescaling (measured at 0.400 to 0.900 bpp); therefore no differences from the anchor." in text
