"""Values between measured points, none beyond them, and differences between curves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from hyperthumb.benchmark.report.curves import against_anchor, at_curve, at_rate
from hyperthumb.benchmark.results import PointResult, nearest_point


def point(bpp: float, psnr: float, thumb: float | None = None) -> PointResult:
    return PointResult(
        bpp=bpp, psnr_rgb=psnr, psnr_y=psnr + 1, ssim=psnr / 50, thumb_psnr=thumb, setting="", device="cpu", images=[]
    )


def curve(rates, offset=0.0, factor=1.0):
    """PSNR grows by 5 dB with each doubling of the rate."""
    return [point(factor * rate, 30 + offset + 5 * float(np.log2(rate / 0.3))) for rate in rates]


RATES = (0.1, 0.15, 0.2, 0.3, 0.45, 0.7)


def test_a_straight_line_over_the_logarithm_is_met_exactly():
    values = at_rate(curve((0.1, 0.2, 0.6, 0.9)), 0.3).values
    assert values.bpp == 0.3
    assert values.psnr_rgb == pytest.approx(30)
    assert values.psnr_y == pytest.approx(31)
    assert values.ssim == pytest.approx(0.6)
    assert values.lpips is None


def test_interpolation_is_pchip_s_and_does_not_overshoot():
    rates, scores = (0.1, 0.25, 0.35, 0.8), (20.0, 29.9, 30.0, 30.1)
    expected = PchipInterpolator(np.log2(rates), scores)(np.log2(0.3))
    assert at_curve(rates, scores, 0.3) == pytest.approx(float(expected))
    assert 29.9 < at_curve(rates, scores, 0.3) < 30.0


@pytest.mark.parametrize(
    ("rates", "note"),
    [
        ((0.31, 0.5, 0.9), "measured at 0.310 to 0.900 bpp"),
        ((0.1, 0.2, 0.29), "measured at 0.100 to 0.290 bpp"),
        ((0.29,), "measured at 0.290 bpp"),
        ((), "not measured"),
    ],
)
def test_nothing_is_extrapolated(rates, note):
    found = at_rate(curve(rates), 0.3)
    assert found.values is None
    assert found.note == note
    assert at_curve(rates, [20.0] * len(rates), 0.3) is None


def test_a_point_at_the_rate_is_taken_as_it_is():
    assert at_rate([point(0.3, 28.5)], 0.3).values.psnr_rgb == 28.5
    assert at_rate([point(0.3, 28.5), point(0.4, 29)], 0.3).values.psnr_rgb == 28.5


def test_a_column_with_gaps_stays_empty():
    values = at_rate([point(0.2, 20, 33.0), point(0.4, 25, None), point(0.6, 26, 36.0)], 0.3).values
    assert values.thumb_psnr is None
    assert 20 < values.psnr_rgb < 25


def test_the_nearest_point_is_so_by_ratio():
    assert nearest_point([point(0.15, 1), point(0.5, 2)], 0.3).psnr_rgb == 2


def test_a_tenth_fewer_bits_everywhere():
    delta = against_anchor(curve(RATES, factor=0.9), curve(RATES), "psnr_rgb")
    assert delta.bd_rate == pytest.approx(-10, abs=1e-6)
    assert delta.bd_psnr == pytest.approx(-5 * np.log2(0.9), abs=1e-6)
    assert delta.note == ""


def test_half_a_decibel_more_everywhere():
    delta = against_anchor(curve(RATES, offset=0.5), curve(RATES), "psnr_y")
    assert delta.bd_psnr == pytest.approx(0.5, abs=1e-6)
    assert delta.bd_rate == pytest.approx(100 * (2 ** (-0.1) - 1), abs=1e-6)


def test_few_points_are_noted():
    delta = against_anchor(curve(RATES[:5]), curve(RATES), "psnr_rgb")
    assert delta.bd_rate == pytest.approx(0, abs=1e-6)
    assert delta.note == "BD from 5 points only"
    delta = against_anchor(curve(RATES[:2]), curve(RATES), "psnr_rgb")
    assert (delta.bd_rate, delta.bd_psnr, delta.note) == (None, None, "no BD from 2 points")


def test_curves_that_share_little_or_nothing():
    delta = against_anchor(curve(RATES, offset=20), curve(RATES), "psnr_rgb")
    assert delta.bd_rate is None
    assert delta.bd_psnr == pytest.approx(20)
    assert delta.note == "hardly any PSNR in common with the anchor: no BD-rate"
    delta = against_anchor(curve(RATES, offset=10), curve(RATES), "psnr_rgb")
    assert delta.bd_rate is not None
    low, high = curve(RATES)[0].psnr_rgb + 10, curve(RATES)[-1].psnr_rgb
    assert delta.note == f"BD-rate over {low:.1f} to {high:.1f} dB"


def test_curves_that_share_hardly_a_rate():
    tested, anchor = [0.1, 0.12, 0.14, 0.16, 0.18, 0.2], [0.199, 0.3, 0.4, 0.6, 0.8, 1.2]
    delta = against_anchor(curve(tested, offset=9), curve(anchor), "psnr_rgb")
    assert delta.bd_psnr is None
    assert "hardly any rate in common with the anchor: no BD-PSNR" in delta.note
    delta = against_anchor(curve([0.1, 0.15, 0.2, 0.25, 0.3, 0.35]), curve(anchor), "psnr_rgb")
    assert delta.bd_psnr == pytest.approx(0, abs=1e-6)
    assert "BD-PSNR over 0.20 to 0.35 bpp" in delta.note


def test_a_sweep_that_is_not_one_curve_is_noted():
    found = at_rate([point(0.2, 27.0), point(0.25, 26.0), point(0.4, 28.0)], 0.3)
    assert found.values is not None
    assert found.note.startswith("PSNR falls at a higher rate")


def test_points_that_gain_nothing_do_not_count():
    bumpy = [*curve(RATES), point(0.5, 25.0)]
    assert against_anchor(bumpy, curve(RATES), "psnr_rgb").bd_rate == pytest.approx(0, abs=1e-6)
