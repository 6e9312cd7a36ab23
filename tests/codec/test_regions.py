"""A region of a photograph, against the same pixels of the whole restoration."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import hyperthumb
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.orientation import turned_size
from hyperthumb.codec.regions import window
from hyperthumb.jpeg.any_file import read_any
from hyperthumb.runtime.engine import Engine
from tests.codec.photographs import cropped, recompressed, with_exif
from tests.jpeg.other_programs import ORIENTATIONS, turned
from tests.support import photograph

SIZE = (611, 540)


@pytest.fixture(scope="module")
def thumbnail():
    return hyperthumb.load("lite_4x", "cpu", engine="onnxruntime").compress(photograph(*SIZE), rate_scale=1.5)


def regions(height: int, width: int, count: int = 6) -> list[tuple[int, int, int, int]]:
    """The corners, a row, a column, one pixel, the whole, and some by chance."""
    rng = np.random.default_rng(7)
    chosen = [(0, 0, 9, 7), (width - 5, height - 3, 5, 3), (0, 40, width, 1), (33, 0, 1, height)]
    chosen += [(width // 2, height // 2, 1, 1), (0, 0, width, height)]
    for _ in range(count):
        columns, rows = rng.integers(1, width // 2), rng.integers(1, height // 2)
        chosen.append((rng.integers(width - columns + 1), rng.integers(height - rows + 1), columns, rows))
    return chosen


def crop(picture: np.ndarray, region: tuple[int, int, int, int]) -> np.ndarray:
    left, top, width, height = region
    return picture[top : top + height, left : left + width]


@pytest.mark.parametrize(
    ("engine", "precision"), [("onnxruntime", "fp32"), ("torch", "fp32"), ("torch", "bf16")], ids=str
)
def test_a_region_has_the_same_pixels_as_the_whole(thumbnail, engine, precision):
    codec = hyperthumb.load("lite_4x", "cpu", engine=engine)
    whole = codec.restore(thumbnail, precision=precision)
    for region in regions(*SIZE, count=2 if precision == "bf16" else 6):
        part = codec.restore(thumbnail, precision=precision, region=region)
        assert np.array_equal(part, crop(whole, region)), region


@pytest.mark.parametrize("name", ["lite_2x", "qpm_1x"])
def test_models_of_other_scales(name):
    codec = hyperthumb.load(name, "cpu", engine="onnxruntime")
    data = codec.compress(photograph(211, 180))
    whole = codec.restore(data)
    for region in regions(211, 180):
        assert np.array_equal(codec.restore(data, region=region), crop(whole, region)), region


def test_a_region_of_a_turned_thumbnail_is_one_of_the_turned_photograph(codec):
    data = codec.compress(photograph(131, 170, seed=1))
    for orientation in ORIENTATIONS[1:]:
        changed = turned(data, orientation)
        whole = codec.restore_with_notes(changed).image
        region = (20, 31, 77, 40)
        assert np.array_equal(codec.restore_with_notes(changed, region=region).image, crop(whole, region))
        height, width = turned_size(131, 170, orientation)
        corner = (width - 9, height - 4, 9, 4)
        assert np.array_equal(codec.restore_with_notes(changed, region=corner).image, crop(whole, corner))


@pytest.mark.parametrize("exif", ORIENTATIONS)
def test_a_region_of_a_thumbnail_that_exif_turns(codec, exif):
    changed = with_exif(codec.compress(photograph(131, 170, seed=1)), exif)
    whole = codec.restore_with_notes(changed).image
    assert whole.shape == (*turned_size(131, 170, exif), 3)
    for region in regions(*whole.shape[:2], count=1):
        assert np.array_equal(codec.restore_with_notes(changed, region=region).image, crop(whole, region)), region


@pytest.mark.parametrize(("rows", "columns", "height", "width"), [(4, 5, 128, 160), (3, 4, 96, 128)])
@pytest.mark.parametrize("exif", [1, 6])
def test_a_region_of_a_thumbnail_that_was_cropped(codec, rows, columns, height, width, exif):
    data = codec.compress(photograph(131, 170, seed=1))
    changed = with_exif(cropped(data, rows, columns), exif)  # without partial blocks, and without whole ones
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = codec.restore(changed)
        assert whole.shape == (*turned_size(height, width, exif), 3)
        for region in regions(*whole.shape[:2], count=1):
            assert np.array_equal(codec.restore(changed, region=region), crop(whole, region)), region
        with pytest.raises(HyperthumbError, match=f"which has {whole.shape[1]}x{whole.shape[0]} pixels"):
            codec.restore(changed, region=(100, 100, 70, 31))


def test_a_region_of_a_file_that_another_program_changed(codec, data):
    for changed in (recompressed(data, quality=95, subsampling=0), recompressed(data, quality=90)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            whole, part = codec.restore(changed), codec.restore(changed, region=(50, 60, 70, 33))
        assert np.array_equal(part, crop(whole, (50, 60, 70, 33)))


@pytest.mark.parametrize(
    ("region", "complaint"),
    [
        ((0, 0, 171, 5), "171x5 pixels at 0,0 is not inside the photograph, which has 170x131 pixels"),
        ((0, 127, 5, 5), "not inside the photograph, which has 170x131"),
        ((-1, 0, 5, 5), "not inside the photograph, which has 170x131"),
        ((500, 500, 5, 5), "not inside the photograph, which has 170x131"),
        ((3, 3, 0, 5), "the region of 0x5 pixels is empty; the photograph has 170x131"),
        ((3, 3, 5, -5), "is empty; the photograph has 170x131"),
        ((3, 3, 5), "four whole numbers"),
        ((3, 3, 5, 1.5), "four whole numbers"),
        ("abcd", "four whole numbers"),
    ],
)
def test_regions_that_do_not_exist(codec, data, region, complaint):
    with pytest.raises(HyperthumbError, match=complaint):
        codec.restore(data, region=region)


def test_a_region_runs_the_network_on_its_own_blocks_and_their_neighbors_only(thumbnail, monkeypatch):
    codec = hyperthumb.load("lite_4x", "cpu", engine="onnxruntime")
    seen = []
    restore = codec.engine.restore

    def spy(coefficients: np.ndarray, *rest: object) -> np.ndarray:
        seen.append(coefficients.shape[1:3])
        return restore(coefficients, *rest)

    monkeypatch.setattr(codec.engine, "restore", spy)
    codec.restore(thumbnail, region=(256, 256, 32, 64))
    reach = codec.engine.reach
    assert seen == [(2 + 2 * reach, 1 + 2 * reach)]
    assert read_any(thumbnail)[0].coefficients.shape[1:3] == (20, 17)


def test_the_window_ends_where_the_picture_ends():
    assert window((slice(0, 32), slice(33, 40)), (9, 9), 2, 32) == (slice(0, 3), slice(0, 4))
    assert window((slice(280, 288), slice(0, 288)), (9, 9), 2, 32) == (slice(6, 9), slice(0, 9))
    assert window((slice(0, 1), slice(0, 1)), (9, 7), -1, 32) == (slice(0, 9), slice(0, 7))


def test_both_engines_know_the_same_reach():
    engines: list[Engine] = [hyperthumb.load("lite_4x", "cpu", engine=name).engine for name in ("torch", "onnxruntime")]
    assert engines[0].reach == engines[1].reach > 0
