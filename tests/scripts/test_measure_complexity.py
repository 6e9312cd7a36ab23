from __future__ import annotations

from pathlib import Path

import pytest

from scripts.measure_complexity import describe, main

TRAIN = Path(__file__).parents[2] / "options/train"
PICTURE = 3840 * 2160


def test_the_papers_decoders_compute_what_the_paper_says():
    """156.2 and 1277.5 GMAC for a picture of about 8.2 megapixels, which the paper does not give exactly."""
    light, full = (
        float(describe(TRAIN / f"{name}.yml", PICTURE)[-1]) for name in ("hyperthumbnail_4x", "hyperthumbnail_4x_full")
    )
    assert light == pytest.approx(156.2, rel=0.02)
    assert full == pytest.approx(1277.5, rel=0.01)


def test_prints_a_line_for_each_file(capsys):
    names = [str(TRAIN / "zoo/lite_2x.yml"), str(TRAIN / "zoo/qpm_1x.yml")]
    assert main([*names, "--size", "1000", "1000"]) == 0
    _, _, *lines = capsys.readouterr().out.splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert [line[0] for line in cells] == names
    for _, parameters, _, kmac, gmac in cells:
        assert int(parameters.replace(",", "")) > 1000
        assert float(gmac) == pytest.approx(float(kmac), abs=0.11)  # of a megapixel


def test_a_file_without_a_network_is_a_mistake(tmp_path, capsys):
    (tmp_path / "empty.yml").write_text("name: empty\nscale: 4\n")
    assert main([str(tmp_path / "empty.yml")]) == 1
    assert "network_g" in capsys.readouterr().err
