"""Differences between two methods over the same pictures: how sure is the mean?"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from hyperthumb.benchmark.results import PointResult

from .curves import at_curve

CONFIDENCE = 0.95


class Paired(NamedTuple):
    """The mean of paired differences over pictures.

    Attributes:
        mean: of the differences.
        interval: half the width of its 95 % confidence interval (Student's t).
    """

    mean: float
    interval: float


def picture_scores(points: Sequence[PointResult], field: str, target_bpp: float) -> list[float] | None:
    """Each picture's score at the settings with which the set has the target rate, by PCHIP over the set's rates.

    Args:
        points: of a curve, by rising rate; all have the same pictures.
        field: a field of `Scores`.
        target_bpp: the rate, a mean over the set.

    Returns:
        The scores in the order of the pictures; None where the curve does not reach the rate, or a score is missing.
    """
    columns = [[getattr(image, field) for image in point.images] for point in points]
    if not columns or any(score is None for column in columns for score in column):
        return None
    rates = [point.bpp for point in points]
    if target_bpp in rates:
        return columns[rates.index(target_bpp)]
    scores = [at_curve(rates, picture, target_bpp) for picture in zip(*columns, strict=True)]
    known = [score for score in scores if score is not None]
    return known if len(known) == len(scores) else None


def paired(scores: Sequence[float], anchor: Sequence[float]) -> Paired | None:
    """The mean difference of two methods' scores of the same pictures; None for fewer than two pictures.

    >>> from hyperthumb.benchmark.report.paired import paired
    >>> mean, interval = paired([30.0, 31.0, 33.0], [29.0, 30.5, 31.5])
    >>> round(mean, 2), round(interval, 2)  # 4.30 (t for 2 degrees of freedom) x 0.5 / sqrt(3)
    (1.0, 1.24)
    """
    from scipy.stats import t

    differences = [one - other for one, other in zip(scores, anchor, strict=True)]
    if len(differences) < 2:
        return None
    quantile = float(t.ppf((1 + CONFIDENCE) / 2, len(differences) - 1))
    error = statistics.stdev(differences) / math.sqrt(len(differences))
    return Paired(statistics.fmean(differences), quantile * error)
