"""What is read off measured curves: values at one rate, and mean differences between two curves.

Curves are never extrapolated. Where a curve does not reach, the value is missing and a note says why.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from hyperthumb.base.quiet import quietly
from hyperthumb.benchmark.results import PointResult
from hyperthumb.metrics import QUALITY, Scores

ENOUGH_POINTS = 6
"""Of both curves, for a Bjontegaard delta that can be relied on; fewer are a warning."""
_FEWEST_POINTS = 3
_ENOUGH_OF_ITS_OWN, _ENOUGH_OF_THE_ANCHORS = 0.5, 0.2
"""Parts of both curves' ranges that a Bjontegaard delta should rest on; with less, the note says where it was taken."""
_TOO_LITTLE = 0.05
_FALL = 0.1  # dB; less is the noise of an encoder's decisions

Headline = Literal["psnr_rgb", "psnr_y"]


@dataclass(frozen=True)
class AtRate:
    """The values of a curve at one rate, or a note that says why they are missing.

    Attributes:
        spread: standard deviations over seeds by field of `Scores`; empty for one training.
    """

    values: Scores | None
    note: str
    spread: dict[str, float] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Delta:
    """A curve against the anchor's.

    Attributes:
        bd_rate: percent of bits at equal PSNR, below 0 is better; None where it cannot be computed.
        bd_psnr: dB at equal rate, above 0 is better; None where it cannot be computed.
        note: why a value is missing or uncertain; empty otherwise.
        difference: dB at the target rate, the mean over pictures; None where one of both has no value there.
        interval: half the width of its 95 % interval over pictures.
    """

    bd_rate: float | None
    bd_psnr: float | None
    note: str
    difference: float | None = None
    interval: float | None = None


def at_rate(points: Sequence[PointResult], target_bpp: float) -> AtRate:
    """Scores at a rate, by monotone cubic interpolation (PCHIP) over the logarithm of the rate; points in any order."""
    curve = sorted(points, key=lambda point: point.bpp)
    rates = [point.bpp for point in curve]
    if target_bpp in rates:
        point = curve[rates.index(target_bpp)]
        scores = {name: getattr(point, name) for name in QUALITY}
        return AtRate(Scores(bpp=point.bpp, **scores), "", point.spread or {})
    if not rates:
        return AtRate(None, "not measured")
    if not rates[0] < target_bpp < rates[-1]:
        reach = f"{rates[0]:.3f}" if len(rates) == 1 else f"{rates[0]:.3f} to {rates[-1]:.3f}"
        return AtRate(None, f"measured at {reach} bpp")
    values = {name: _if_complete(rates, [getattr(point, name) for point in curve], target_bpp) for name in QUALITY}
    psnr = [point.psnr_rgb or 0.0 for point in curve]
    falls = any(after < before - _FALL for before, after in pairwise(psnr))
    note = "PSNR falls at a higher rate: the sweep is not one curve" if falls else ""
    return AtRate(Scores(bpp=target_bpp, **values), note, _spread(curve, target_bpp))


def _spread(curve: Sequence[PointResult], target_bpp: float) -> dict[str, float]:
    spreads = [point.spread or {} for point in curve]
    names = [name for name in spreads[0] if all(name in spread for spread in spreads)]
    rates = [point.bpp for point in curve]
    found = {name: at_curve(rates, [spread[name] for spread in spreads], target_bpp) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _if_complete(rates: Sequence[float], scores: Sequence[float | None], target_bpp: float) -> float | None:
    known = [score for score in scores if score is not None]
    return at_curve(rates, known, target_bpp) if len(known) == len(scores) else None


def at_curve(rates: Sequence[float], scores: Sequence[float], target_bpp: float) -> float | None:
    """A curve's score at a rate in bpp by PCHIP over the logarithm of the rate; None outside of its rising `rates`."""
    from scipy.interpolate import PchipInterpolator

    if len(rates) < 2 or not rates[0] <= target_bpp <= rates[-1]:
        return None
    curve = PchipInterpolator([math.log2(rate) for rate in rates], scores)
    return float(curve(math.log2(target_bpp)))


def against_anchor(points: Sequence[PointResult], anchor: Sequence[PointResult], headline: Headline) -> Delta:
    """Bjontegaard deltas of a curve with Akima interpolation (VCEG-M33; package `bjontegaard`).

    `headline` is the PSNR that counts.
    """
    tested, base = _rising(points, headline), _rising(anchor, headline)
    fewest = min(len(tested), len(base))
    if fewest < _FEWEST_POINTS:
        return Delta(None, None, f"no BD from {fewest} point{'s' if fewest != 1 else ''}")
    import bjontegaard

    rates = [[point.bpp for point in curve] for curve in (base, tested)]
    scores = [[float(getattr(point, headline)) for point in curve] for curve in (base, tested)]
    numbers = (rates[0], scores[0], rates[1], scores[1])
    with quietly():  # the note says the same
        settings = {"method": "akima", "require_matching_points": False}
        bd_rate, bd_psnr = bjontegaard.bd_rate(*numbers, **settings), bjontegaard.bd_psnr(*numbers, **settings)
    notes = []
    if fewest < ENOUGH_POINTS:
        notes.append(f"BD from {fewest} points only")
    over_scores = _shared(scores[1], scores[0])
    over_rates = _shared([math.log(rate) for rate in rates[1]], [math.log(rate) for rate in rates[0]])
    if over_scores is None:
        notes.append("hardly any PSNR in common with the anchor: no BD-rate")
    elif not over_scores.enough:
        notes.append(f"BD-rate over {over_scores.low:.1f} to {over_scores.high:.1f} dB")
    if over_rates is None:
        notes.append("hardly any rate in common with the anchor: no BD-PSNR")
    elif not over_rates.enough:
        notes.append(f"BD-PSNR over {math.exp(over_rates.low):.2f} to {math.exp(over_rates.high):.2f} bpp")
    return Delta(
        _finite(bd_rate) if over_scores is not None else None,
        _finite(bd_psnr) if over_rates is not None else None,
        "; ".join(notes),
    )


def _rising(points: Sequence[PointResult], headline: Headline) -> list[PointResult]:
    """The points by rising rate, without those that have no higher PSNR than a smaller rate: BD needs rising curves."""
    kept: list[PointResult] = []
    for point in sorted(points, key=lambda point: (point.bpp, -getattr(point, headline))):
        if not kept or (point.bpp > kept[-1].bpp and getattr(point, headline) > getattr(kept[-1], headline)):
            kept.append(point)
    return kept


class _Shared(NamedTuple):
    low: float
    high: float
    enough: bool


def _shared(tested: list[float], anchor: list[float]) -> _Shared | None:
    """The range that two rising lists share; None where it is less than `_TOO_LITTLE` of both."""
    low, high = max(tested[0], anchor[0]), min(tested[-1], anchor[-1])
    own, anchors = (high - low) / (tested[-1] - tested[0]), (high - low) / (anchor[-1] - anchor[0])
    if max(own, anchors) < _TOO_LITTLE:
        return None
    return _Shared(low, high, own >= _ENOUGH_OF_ITS_OWN and anchors >= _ENOUGH_OF_THE_ANCHORS)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
