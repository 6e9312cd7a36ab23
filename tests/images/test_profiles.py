from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.images.pictures import decode_picture, read_presentation
from hyperthumb.images.profiles import is_srgb, is_whole, rgb_profile, settle_colors, to_srgb
from tests.images.icc import (
    LAB,
    P3,
    P3_COLUMNS,
    SRGB,
    SRGB_COLUMNS,
    cmyk_profile,
    grey_profile,
    rgb_profile_of,
    srgb_curve,
)
from tests.support import photograph

PICTURE = photograph(37, 53)
RGB, GREY = Image.fromarray(PICTURE), Image.fromarray(PICTURE[..., 0])
CMYK = cmyk_profile()
INKS = Image.fromarray(np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 255, 0], [0, 0, 0, 255]]], np.uint8), "CMYK")
DAMAGED = "its color profile is damaged and was left out"
WRONG = "its color profile is not one for RGB and was left out"


def by_hand(pixels: np.ndarray, columns: tuple[tuple[float, ...], ...]) -> np.ndarray:
    """Converts to sRGB by the equations: curve, matrix, inverse matrix, inverse curve."""
    light = srgb_curve(pixels / 255) @ np.array(columns) @ np.linalg.inv(np.array(SRGB_COLUMNS))
    light = light.clip(0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055) * 255


def encoded(image: Image.Image, kind: str, icc: bytes) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, icc_profile=icc)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "profile", [SRGB, rgb_profile_of(SRGB_COLUMNS, None, "sRGB"), rgb_profile_of(SRGB_COLUMNS, None, "Camera 7")]
)
@pytest.mark.parametrize("choice", ["keep", "srgb", "drop"])
def test_a_profile_that_describes_srgb_is_dropped_whatever_its_name(profile, choice):
    assert is_srgb(profile)
    colors = settle_colors(RGB, profile, choice)
    assert (colors.icc, colors.note) == (None, None)
    np.testing.assert_array_equal(np.asarray(colors.image), PICTURE)


@pytest.mark.parametrize(
    "profile",
    [P3, rgb_profile_of(SRGB_COLUMNS, 1.0, "sRGB linear"), rgb_profile_of(SRGB_COLUMNS, 2.2, "sRGB simplified")],
)
def test_other_profiles_are_not_mistaken_for_srgb(profile):
    assert not is_srgb(profile)
    colors = settle_colors(RGB, profile)
    assert (colors.icc, colors.note) == (profile, None)
    np.testing.assert_array_equal(np.asarray(colors.image), PICTURE)


def test_conversion_to_srgb_equals_the_equations():
    for image, expected in ((RGB, PICTURE), (GREY, PICTURE[..., :1].repeat(3, axis=2))):
        colors = settle_colors(image, P3, "srgb")
        assert (colors.icc, colors.note) == (None, None)
        assert np.abs(np.asarray(colors.image) - by_hand(expected, P3_COLUMNS)).max() < 1.5
    assert np.abs(by_hand(PICTURE, P3_COLUMNS) - PICTURE).max() > 10


def test_dropping_a_profile_changes_no_number():
    for image, profile in ((RGB, P3), (RGB, b"damaged"), (RGB, LAB), (GREY, grey_profile(1.0))):
        colors = settle_colors(image, profile, "drop")
        assert (colors.icc, colors.note) == (None, None)
        np.testing.assert_array_equal(np.asarray(colors.image), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("choice", ["keep", "srgb"])
def test_grey_with_its_own_profile_becomes_srgb(choice):
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    colors = settle_colors(ramp, grey_profile(1.0), choice)
    assert (colors.icc, colors.note) == (None, None)
    assert np.abs(srgb_curve(np.asarray(colors.image)[0, :, 1] / 255) - np.arange(256) / 255).max() < 0.005
    one_bit = settle_colors(ramp.convert("1"), grey_profile(1.8), choice)
    assert set(np.asarray(one_bit.image).ravel().tolist()) == {0, 255}


@pytest.mark.parametrize("choice", ["keep", "srgb", "drop"])
def test_cmyk_with_its_own_profile_becomes_srgb(choice):
    colors = settle_colors(INKS, CMYK, choice)
    assert (colors.icc, colors.note) == (None, "its CMYK colors were converted to sRGB")
    white, cyan, yellow, black = np.asarray(colors.image)[0].astype(int)
    assert np.abs(white - 255).max() <= 1
    assert black.max() <= 1
    assert np.abs(cyan - (0, 145, 214)).max() < 25  # Lab 55, -37, -50 is outside of sRGB in red
    assert cyan[0] < 20
    assert np.abs(yellow - (246, 224, 6)).max() < 25


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_files_need_a_profile(kind):
    picture = decode_picture(encoded(INKS.resize((32, 8), Image.Resampling.NEAREST), kind, CMYK), "x")
    assert picture.notes == ("its CMYK colors were converted to sRGB",)
    assert np.abs(picture.pixels[4, [2, 29]].astype(int) - [[255] * 3, [0] * 3]).max() < 6
    for profile in (P3, CMYK[:300]):
        with pytest.raises(HyperthumbError, match="x: CMYK pictures are not supported without a color profile"):
            decode_picture(encoded(INKS, kind, profile), "x")


@pytest.mark.parametrize("choice", ["keep", "srgb"])
@pytest.mark.parametrize(
    ("profile", "note"),
    [
        (LAB, WRONG),
        (CMYK, WRONG),
        (b"", DAMAGED),
        (b"nonsense", DAMAGED),
        (P3[:60], DAMAGED),
        (P3[:140], DAMAGED),
        (P3[:-1], DAMAGED),
        (grey_profile(1.0)[:200], DAMAGED),
    ],
)
def test_an_unusable_profile_is_dropped_with_a_note(profile, note, choice):
    for image in (RGB, GREY):
        colors = settle_colors(image, profile, choice)
        assert (colors.icc, colors.note) == (None, note)
        np.testing.assert_array_equal(np.asarray(colors.image), np.asarray(image.convert("RGB")))


def test_a_profile_that_littlecms_rejects_is_dropped_with_a_note():
    hollow = P3.replace(b"rTRC", b"....")
    assert is_whole(hollow)
    with pytest.raises(HyperthumbError, match="its color profile cannot be used"):
        to_srgb(RGB, hollow)
    colors = settle_colors(RGB, hollow, "srgb")
    assert colors.icc is None
    assert colors.note.startswith("its color profile cannot be used")
    assert not is_srgb(hollow)
    assert settle_colors(RGB, hollow, "keep").icc == hollow


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_profiles_are_read_from_files(kind):
    plain = decode_picture(encoded(RGB, kind, b""), "x").pixels
    kept = decode_picture(encoded(RGB, kind, P3), "x")
    assert (kept.icc, kept.notes) == (P3, ())
    np.testing.assert_array_equal(kept.pixels, plain)
    dropped = decode_picture(encoded(RGB, kind, P3), "x", icc="drop")
    assert (dropped.icc, dropped.notes) == (None, ())
    np.testing.assert_array_equal(dropped.pixels, plain)
    converted = decode_picture(encoded(RGB, kind, P3), "x", icc="srgb")
    assert converted.icc is None
    assert np.abs(converted.pixels - by_hand(plain, P3_COLUMNS)).max() < 1.5
    assert decode_picture(encoded(RGB, kind, SRGB), "x").icc is None
    truncated = decode_picture(encoded(RGB, kind, P3[: len(P3) // 2]), "x")
    assert (truncated.icc, truncated.notes) == (None, (DAMAGED,))


def test_an_incomplete_profile_of_a_jpeg_is_dropped_with_a_note():
    profile = P3 + bytes(100_000)
    data = encoded(RGB, "JPEG", profile)
    assert decode_picture(data, "x").icc == profile
    second = data.rindex(b"\xff\xe2")
    size = int.from_bytes(data[second + 2 : second + 4], "big")
    cut = data[:second] + data[second + 2 + size :]
    assert decode_picture(cut, "x").notes == (DAMAGED,)
    assert read_presentation(cut)[::2] == (None, DAMAGED)


def test_an_unknown_choice_is_refused():
    with pytest.raises(HyperthumbError, match="icc must be keep, srgb or drop, not 'sRGB'"):
        decode_picture(encoded(RGB, "PNG", P3), "x", icc="sRGB")


def test_rgb_profile_accepts_whole_rgb_profiles_only():
    assert rgb_profile(SRGB) == SRGB
    assert rgb_profile(LAB) is None
    assert rgb_profile(P3[:-1]) is None
    assert rgb_profile(None) is None
