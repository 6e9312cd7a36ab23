import shutil
import subprocess

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hyperthumb.base.orientation import IN_WORDS, STEPS, UPRIGHT, inverse, turned_size
from hyperthumb.images.pictures import turn
from hyperthumb.jpeg.file import read_jpeg, write_jpeg
from hyperthumb.jpeg.simulator import coefficients_to_rgb
from hyperthumb.jpeg.turn import turn_coefficients, turn_tables
from tests.jpeg.other_programs import JPEGTRAN, ORIENTATIONS, turn_slowly, without_marker
from tests.jpeg.thumbnails import shaded, thumbnail

SIDES = st.integers(1, 40)
TURNS = st.sampled_from(list(ORIENTATIONS))
LABELS = np.arange(6).reshape(2, 3, 1)


def composed(first: int, second: int) -> int:
    """The orientation that does to pixels what two do one after the other."""
    both = turn(turn(LABELS, first), second)
    return next(each for each in ORIENTATIONS if np.array_equal(turn(LABELS, each), both))


def turned(picture, orientation):
    coefficients, tables, height, width = picture
    return (
        turn_coefficients(coefficients, height, width, orientation),
        turn_tables(tables, orientation),
        *turned_size(height, width, orientation),
    )


def picture(height, width, seed=0):
    made = thumbnail(height, width, seed)
    return made.coefficients, made.tables, height, width


def assert_equal(a, b):
    assert a[2:] == b[2:]
    assert np.array_equal(a[0], b[0])
    assert np.array_equal(a[1], b[1])


def test_there_are_eight_orientations():
    assert sorted(STEPS) == sorted(IN_WORDS) == list(ORIENTATIONS)
    assert len(set(STEPS.values())) == 8


@settings(max_examples=60)
@given(SIDES, SIDES, TURNS, TURNS)
def test_turns_form_a_group_with_partial_blocks_too(height, width, first, second):
    original = picture(height, width)
    assert_equal(turned(original, UPRIGHT), original)
    assert_equal(turned(turned(original, first), inverse(first)), original)
    assert_equal(turned(turned(original, first), second), turned(original, composed(first, second)))


@settings(max_examples=60)
@given(SIDES, SIDES, TURNS)
def test_agrees_with_a_slow_copy_of_jpegtrans_rule(height, width, orientation):
    coefficients, tables, *size = picture(height, width)
    expected = turn_slowly(coefficients, tables, tuple(size), orientation)
    assert_equal(turned((coefficients, tables, *size), orientation), (*expected[:2], *expected[2]))


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_turned_coefficients_are_those_of_the_turned_pixels(orientation):
    def pixels(picture):
        coefficients, tables = (torch.from_numpy(np.ascontiguousarray(part)) for part in picture[:2])
        planes = coefficients.double() * tables[[0, 1, 1], None, None]
        return coefficients_to_rgb(planes[None], clamp=False)[0].permute(1, 2, 0).numpy()

    original = picture(24, 40)
    np.testing.assert_allclose(pixels(turned(original, orientation)), turn(pixels(original), orientation), atol=1e-9)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_turning_does_not_change_its_argument(orientation):
    coefficients = thumbnail(24, 40).coefficients
    before = coefficients.copy()
    turn_coefficients(coefficients, 24, 40, orientation)
    assert np.array_equal(coefficients, before)


@pytest.mark.skipif(shutil.which("jpegtran") is None, reason="jpegtran is not installed (libjpeg-turbo-progs)")
@pytest.mark.parametrize("size", [(64, 80), (61, 75), (5, 30)], ids=str)
@pytest.mark.parametrize("orientation", JPEGTRAN)
def test_turning_equals_jpegtran(orientation, size, tmp_path):
    plain = shaded(*size)
    path = tmp_path / "a.jpg"
    path.write_bytes(without_marker(write_jpeg(plain)))
    done = subprocess.run(["jpegtran", *JPEGTRAN[orientation], str(path)], capture_output=True, check=True)
    read = read_jpeg(done.stdout)
    original = (plain.coefficients, plain.tables, *size)
    assert_equal((read.coefficients, read.tables, read.height, read.width), turned(original, orientation))
