from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

from hyperthumb.benchmark.report.paired import paired, picture_scores
from tests.benchmark.synthetic import made_up_results


def test_the_interval_is_that_of_the_paired_t_test():
    rng = np.random.default_rng(0)
    anchor = rng.normal(30, 3, 14)
    scores = anchor + rng.normal(0.2, 0.3, 14)
    found = paired(scores.tolist(), anchor.tolist())
    expected = stats.ttest_rel(scores, anchor).confidence_interval(0.95)
    assert (found.mean - found.interval, found.mean + found.interval) == pytest.approx((expected.low, expected.high))
    assert found.interval < 0.5 * stats.t.ppf(0.975, 26) * np.hypot(anchor.std(), scores.std()) / 14**0.5


def test_one_picture_has_no_interval():
    assert paired([30.0], [29.0]) is None


def test_pictures_are_compared_where_the_set_has_the_rate(tmp_path):
    points = made_up_results(tmp_path).rows[2].curves[0].points
    images = [
        dataclasses.replace(point, images=[
            dataclasses.replace(image, psnr_rgb=image.psnr_rgb + number) for number, image in enumerate(point.images)
        ])
        for point in points
    ]  # fmt: skip
    low, high = picture_scores(images, "psnr_rgb", 0.3)
    assert high - low == pytest.approx(1)
    assert low == pytest.approx(28.0, abs=0.01)
    assert picture_scores(points, "psnr_rgb", points[1].bpp) == [image.psnr_rgb for image in points[1].images]
    for field, rate in (("psnr_rgb", 0.05), ("psnr_rgb", 0.9), ("lpips", 0.3)):
        assert picture_scores(points, field, rate) is None
    assert picture_scores([], "psnr_rgb", 0.3) is None
