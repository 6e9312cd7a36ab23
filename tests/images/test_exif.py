from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import Base

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.images.exif import without_orientation
from hyperthumb.images.pictures import decode_picture, encode_picture, read_presentation
from tests.images.exifs import DATE, LENS, PRIVATE, exif_of, tags_of, with_exif, with_preview
from tests.images.pngs import chunk, with_chunks
from tests.support import photograph

PICTURE = photograph(37, 53)
IMAGE = Image.fromarray(PICTURE)
KINDS = ["JPEG", "PNG", "WEBP", "TIFF"]


@pytest.mark.parametrize("kind", KINDS)
def test_by_default_nothing_is_kept(kind):
    picture = decode_picture(with_exif(IMAGE, kind, exif_of()), "x")
    assert (picture.exif, picture.notes) == (None, ())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", ["<", ">"])
def test_basic_keeps_date_camera_and_lens(kind, order):
    picture = decode_picture(with_exif(IMAGE, kind, exif_of(order=order)), "x", exif="basic")
    assert picture.pixels.shape == (53, 37, 3)
    assert picture.notes == ()
    assert tags_of(picture.exif) == {
        "0": {Base.Make: "NIKON CORPORATION", Base.Model: "NIKON Z 6", Base.DateTime: DATE},
        "exif": {
            Base.DateTimeOriginal: DATE,
            Base.DateTimeDigitized: DATE,
            Base.SubsecTimeOriginal: "42",
            Base.LensSpecification: (24, 70, 4, 4),
            Base.LensMake: "NIKON",
            Base.LensModel: LENS,
        },
        "gps": {},
        "1": {},
    }
    assert not any(secret in picture.exif for secret in PRIVATE)
    assert all(secret in exif_of() for secret in PRIVATE)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", ["<", ">"])
def test_all_keeps_everything_but_the_orientation(kind, order):
    picture = decode_picture(with_exif(IMAGE, kind, exif_of(order=order)), "x", exif="all")
    assert picture.pixels.shape == (53, 37, 3)
    expected = tags_of(exif_of(order=order))
    del expected["0"][Base.Orientation]
    assert tags_of(picture.exif) == expected
    assert len(expected["exif"]) == 13
    assert len(expected["gps"]) == 3


@pytest.mark.parametrize("order", ["<", ">"])
def test_removing_the_orientation_moves_no_other_data(order):
    # A maker's note has offsets of its own, counted from the beginning of the data.
    before = exif_of(order=order)
    after = without_orientation(before)
    assert len(after) == len(before)
    assert after.index(b"NOTE") == before.index(b"NOTE")
    assert without_orientation(after) == after


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_preview_is_removed(order):
    before = exif_of(order=order)
    data = with_preview(before, b"\xff\xd8" + bytes(5000))
    assert tags_of(data)["1"][0x0202] == 5002
    assert without_orientation(data) == without_orientation(before)
    upright = with_preview(without_orientation(before), b"\xff\xd8" + bytes(5000))
    assert without_orientation(upright) == without_orientation(before)


def test_exif_with_only_an_orientation_becomes_none():
    exif = Image.Exif()
    exif[Base.Orientation] = 3
    for kind in KINDS:
        for choice in ("basic", "all"):
            assert decode_picture(with_exif(IMAGE, kind, exif.tobytes()[6:]), "x", exif=choice).exif is None


def test_a_file_without_exif_data_gives_none():
    for choice in ("none", "basic", "all"):
        picture = decode_picture(with_chunks(PICTURE), "x", exif=choice)
        assert (picture.exif, picture.notes) == (None, ())


@pytest.mark.parametrize("choice", ["basic", "all"])
def test_damaged_data_are_dropped_with_one_note(choice):
    for kind in ("JPEG", "PNG", "WEBP"):
        picture = decode_picture(with_exif(IMAGE, kind, b"nonsense, not a TIFF header"), "x", exif=choice)
        assert (picture.exif, picture.notes) == (None, ("its EXIF data are damaged; it was taken to lie upright",))
    endless = b"II*\0\x08\0\0\0\xff\xff" + bytes(20)
    picture = decode_picture(with_chunks(PICTURE, chunk(b"eXIf", endless)), "x", exif="all")
    assert (picture.exif, picture.notes) == (None, ("its EXIF data are damaged and were left out",))


def test_changing_any_byte_raises_nothing():
    rng = np.random.default_rng(0)
    data = with_preview(exif_of(), bytes(50))
    for _ in range(300):
        damaged = bytearray(data)
        for place in rng.integers(8, len(data), 3):
            damaged[place] = rng.integers(256)
        for choice in ("basic", "all"):
            kept = decode_picture(with_chunks(PICTURE[:2, :2], chunk(b"eXIf", bytes(damaged))), "x", exif=choice).exif
            assert kept is None or Base.Orientation not in tags_of(kept)["0"]


@pytest.mark.parametrize("extension", [".png", ".webp", ".jpg"])
def test_written_exif_reads_back_unchanged(extension):
    kept = without_orientation(exif_of())
    data = encode_picture(PICTURE, extension, exif=kept)
    assert read_presentation(data) == (None, 1, None, kept)
    assert decode_picture(data, "x", exif="all").exif == kept


def test_the_presentation_separates_orientation_from_exif():
    presentation = read_presentation(with_exif(IMAGE, "JPEG", exif_of(5)))
    assert presentation.orientation == 5
    assert Base.Orientation not in tags_of(presentation.exif)["0"]


def test_an_unknown_choice_is_refused():
    with pytest.raises(HyperthumbError, match="exif must be none, basic or all, not 'gps'"):
        decode_picture(with_chunks(PICTURE), "x", exif="gps")
