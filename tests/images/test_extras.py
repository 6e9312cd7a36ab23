from __future__ import annotations

import io
import re
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import IFD

from hyperthumb.images.pictures import decode_picture
from tests.images.icc import P3
from tests.images.pngs import chunk, with_chunks
from tests.support import photograph

PICTURE = photograph(16, 24)
FRAMES = [Image.fromarray(photograph(16, 24, seed)) for seed in range(3)]
SRGB_CHROMATICITIES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
GAIN_MAP = "its gain map was left out; the picture is the one for displays without HDR"


def saved(kind: str, frames: list[Image.Image] = FRAMES, **settings: Any) -> bytes:
    buffer = io.BytesIO()
    frames = [frame.copy() for frame in frames]  # saving leaves traces in an image
    if frames[1:]:
        settings |= {"save_all": True, "append_images": frames[1:]}
    frames[0].save(buffer, kind, **settings)
    return buffer.getvalue()


def with_segment(jpeg: bytes, marker: int, payload: bytes) -> bytes:
    return jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload + jpeg[2:]


def as_previews(mpo: bytes, number: int) -> bytes:
    """An MPO whose second picture is declared as a smaller copy of the first (CIPA DC-007, 5.2.3.3)."""
    entries = mpo.index(b"MPF\0")
    assert mpo[entries + 4 : entries + 6] == b"II"
    second = mpo.index(struct.pack("<I", 0x030000), entries + 40) + 16
    return mpo[:second] + struct.pack("<I", number) + mpo[second + 4 :]


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "MPO"])
def test_a_note_says_that_only_the_first_picture_was_taken(kind):
    settings = {"lossless": True} if kind == "WEBP" else {}
    picture = decode_picture(saved(kind, **settings), "x")
    assert picture.notes == ("only the first of its 3 pictures was taken",)
    assert np.abs(picture.pixels.astype(int) - np.asarray(FRAMES[0])).mean() < (9 if kind == "MPO" else 1e-9)
    assert decode_picture(saved(kind, FRAMES[:1], **settings), "x").notes == ()


@pytest.mark.parametrize("kind", [0x010001, 0x010002])
def test_a_smaller_copy_of_the_picture_needs_no_note(kind):
    mpo = as_previews(saved("MPO", FRAMES[:2]), kind)
    assert decode_picture(mpo, "x").notes == ()
    assert decode_picture(as_previews(mpo, 0x020002), "x").notes == ("only the first of its 2 pictures was taken",)


XMP = b"http://ns.adobe.com/xap/1.0/\0"
ULTRA_HDR = with_segment(saved("MPO", FRAMES[:2]), 0xE1, XMP + b'<rdf:Description hdrgm:Version="1.0"/>')
ISO = with_segment(saved("MPO", FRAMES[:2]), 0xE2, b"urn:iso:std:iso:ts:21496:-1\0" + bytes(4))


def test_a_note_says_that_the_gain_map_was_left_out():
    apple = with_segment(saved("JPEG", FRAMES[1:2]), 0xE1, XMP + b"urn:com:apple:photo:2020:aux:hdrgainmap")
    for data in (ULTRA_HDR, ISO, saved("JPEG", FRAMES[:1]) + apple):
        assert decode_picture(data, "x").notes == (GAIN_MAP,)
    three = with_segment(saved("MPO"), 0xE2, b"urn:iso:std:iso:ts:21496:-1\0" + bytes(4))
    assert decode_picture(three, "x").notes == (GAIN_MAP, "only the first of its 2 pictures was taken")


def chromaticities(*values: int) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *values))


BT2020_PQ = chunk(b"cICP", bytes([9, 16, 0, 1]))
GAMMA = chunk(b"gAMA", struct.pack(">I", 100_000))
WIDE = chromaticities(31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
PROFILE = chunk(b"iCCP", b"name\0\0" + zlib.compress(b"damaged"))


@pytest.mark.parametrize(
    ("chunks", "sentence"),
    [
        (BT2020_PQ, r"its cICP chunk was not applied \(BT.2020 colors, PQ transfer\); it is taken for sRGB"),
        (BT2020_PQ + PROFILE, r"its cICP chunk was not applied \(BT.2020 colors, PQ transfer\)$"),
        (chunk(b"cICP", bytes([99, 77, 0, 1])), r"its cICP chunk was not applied \(primaries 99 colors, transfer 77"),
        (GAMMA, r"its gAMA chunk was not applied \(gamma 1\); it is taken for sRGB"),
        (WIDE, r"its cHRM chunk was not applied \(other primary colors than sRGB's\); it is taken for sRGB"),
    ],
)
def test_a_note_names_color_chunks_of_a_png_that_were_not_applied(chunks, sentence):
    picture = decode_picture(with_chunks(PICTURE, chunks), "x")
    np.testing.assert_array_equal(picture.pixels, PICTURE)
    assert len([note for note in picture.notes if "not applied" in note]) == 1
    assert re.match(sentence, picture.notes[0])
    assert len(decode_picture(with_chunks(PICTURE, GAMMA + WIDE), "x").notes) == 2


@pytest.mark.parametrize(
    "chunks",
    [
        chunk(b"cICP", bytes([1, 13, 0, 1])),
        chunk(b"gAMA", struct.pack(">I", 45455)) + chromaticities(*SRGB_CHROMATICITIES),
        chunk(b"gAMA", struct.pack(">I", 45454)) + chromaticities(31269, *SRGB_CHROMATICITIES[1:]),
        GAMMA + WIDE + chunk(b"sRGB", b"\0"),
        GAMMA + WIDE + chunk(b"cICP", bytes([1, 13, 0, 1])),
        chunk(b"gAMA", b"") + chunk(b"cHRM", b"short"),
    ],
)
def test_srgb_and_superseded_color_chunks_need_no_note(chunks):
    assert decode_picture(with_chunks(PICTURE, chunks), "x").notes == ()


@pytest.mark.parametrize(("index", "notes"), [("R03", 1), ("R98", 0)])
def test_a_note_names_adobe_rgb_in_exif_data(index, notes):
    exif = Image.Exif()
    exif[IFD.Exif] = {0xA001: 65535, IFD.Interop: {1: index}}
    data = saved("JPEG", FRAMES[:1], exif=exif)
    assert decode_picture(data, "x").notes == ("its EXIF data say that it is Adobe RGB; it is taken for sRGB",)[:notes]
    assert decode_picture(saved("JPEG", FRAMES[:1], exif=exif, icc_profile=P3), "x").notes == ()
