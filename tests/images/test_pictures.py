from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from hyperthumb.base.errors import CorruptImageError, HyperthumbError
from hyperthumb.images.pictures import decode_picture, encode_picture, read_presentation, turn
from tests.images.icc import LAB, P3
from tests.support import photograph

PICTURE = photograph(37, 53)


def encoded(image: Image.Image, kind: str = "PNG", **settings: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


def png16(samples: np.ndarray) -> bytes:
    """A PNG of 16-bit (H, W) or (H, W, 3) samples, which Pillow cannot write."""

    def chunk(name: bytes, content: bytes) -> bytes:
        check = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)

    height, width = samples.shape[:2]
    rows = samples.astype(">u2").reshape(height, -1).view(np.uint8)
    filtered = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 16, 2 if samples.ndim == 3 else 0, 0, 0, 0)
    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(filtered.tobytes())) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + content


def tiff16(samples: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, samples, photometric="rgb" if samples.ndim == 3 else "minisblack")
    return buffer.getvalue()


@pytest.mark.parametrize("encode", [png16, tiff16])
@pytest.mark.parametrize("grey", [False, True])
def test_sixteen_bit_samples_keep_their_high_byte_with_a_note(encode, grey):
    eight = PICTURE[..., 0] if grey else PICTURE
    picture = decode_picture(encode((eight.astype(np.uint16) << 8) | 0xAB), "x")
    expected = np.stack([eight] * 3, axis=2) if grey else eight
    np.testing.assert_array_equal(picture.pixels, expected)
    assert picture.notes == ("16-bit samples were reduced to 8 bits",)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "JPEG", "WEBP"])
def test_eight_bit_samples_need_no_notes(kind):
    assert decode_picture(encoded(Image.fromarray(PICTURE), kind), "x").notes == ()


def test_transparent_places_show_the_background():
    alpha = np.zeros((37, 53, 1), np.uint8)
    alpha[:20] = 255
    data = encoded(Image.fromarray(np.concatenate([PICTURE, alpha], axis=2)))
    with pytest.raises(HyperthumbError, match=r"transparent in places.*--background"):
        decode_picture(data, "x")
    picture = decode_picture(data, "x", background=(10, 20, 30))
    np.testing.assert_array_equal(picture.pixels[:20], PICTURE[:20])
    assert (picture.pixels[20:] == (10, 20, 30)).all()
    assert picture.notes == ("its transparent places were flattened onto the background",)


def test_half_transparent_places_are_blended():
    rgba = np.full((8, 8, 4), (200, 100, 0, 128), np.uint8)
    pixels = decode_picture(encoded(Image.fromarray(rgba)), "x", background=(255, 255, 255)).pixels
    np.testing.assert_allclose(pixels[0, 0], np.round(np.array([200, 100, 0]) * 128 / 255 + 255 * 127 / 255), atol=1)


def test_a_picture_above_the_pixel_limit_is_refused():
    with pytest.raises(HyperthumbError, match=r"x: 53x37 is more than 1,960 pixels"):
        decode_picture(encoded(Image.fromarray(PICTURE)), "x", max_pixels=37 * 53 - 1)
    assert decode_picture(encoded(Image.fromarray(PICTURE)), "x", max_pixels=37 * 53).pixels.shape == (37, 53, 3)


@pytest.mark.parametrize("content", [b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"P6 1 1 255 abc"])
def test_other_formats_are_refused(content):
    with pytest.raises(CorruptImageError, match=r"(EPS|PPM) pictures are not supported"):
        decode_picture(content, "x.png")


@pytest.mark.parametrize("extension", [".png", ".PNG", ".webp", ".jpg", ".jpeg"])
@pytest.mark.parametrize("icc", [None, P3])
def test_written_pictures_read_back_unchanged(extension, icc):
    data = encode_picture(PICTURE, extension, icc)
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == {".jpg": "JPEG", ".jpeg": "JPEG"}.get(extension.lower(), extension[1:].upper())
    picture = decode_picture(data, "x")
    assert picture.icc == icc
    if image.format == "JPEG":
        assert np.abs(picture.pixels.astype(int) - PICTURE).mean() < 3
    else:
        np.testing.assert_array_equal(picture.pixels, PICTURE)


def test_unwritable_formats_and_sizes_are_refused():
    with pytest.raises(HyperthumbError, match=r'cannot write "\.gif" pictures'):
        encode_picture(PICTURE, ".gif")
    with pytest.raises(
        HyperthumbError, match=r"16384x1 is too large: a side of a \.webp file has at most 16383 pixels; write a \.png"
    ):
        encode_picture(np.zeros((1, 16384, 3), np.uint8), ".webp")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_equals_exif_transpose_of_pillow(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(PICTURE), exif=exif)
    assert read_presentation(data).orientation == orientation
    np.testing.assert_array_equal(turn(PICTURE, orientation), decode_picture(data, "x").pixels)


def test_the_presentation_holds_profile_and_orientation():
    jpeg = encoded(Image.fromarray(PICTURE), "JPEG", icc_profile=P3)
    assert read_presentation(jpeg) == (P3, 1, None, None)
    wrong = read_presentation(encoded(Image.fromarray(PICTURE), "JPEG", icc_profile=LAB))
    assert wrong.icc is None
    assert wrong.note is not None
    damaged = encoded(Image.fromarray(PICTURE), "JPEG", exif=b"Exif\0\0nonsense, not a TIFF header")
    assert read_presentation(damaged) == (None, 1, None, None)


def test_a_picture_with_damaged_exif_data_is_decoded():
    for kind in ("JPEG", "PNG", "WEBP"):
        data = encoded(Image.fromarray(PICTURE), kind, exif=b"Exif\0\0nonsense, not a TIFF header")
        assert decode_picture(data, "x").pixels.shape == PICTURE.shape
