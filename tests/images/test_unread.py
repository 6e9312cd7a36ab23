from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from hyperthumb.base.errors import CorruptImageError
from hyperthumb.images.pictures import decode_picture

CONVERT = "pictures are not supported; convert it to PNG, JPEG, WebP, TIFF or BMP"


def written(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3)).save(buffer, kind)
    return buffer.getvalue()


def tiff(bits: int, order: str = "<", samples: int = 3) -> bytes:
    """An uncompressed RGB TIFF of one pixel with `bits` bits per sample."""
    entries = [(256, 3, 1, 1), (257, 3, 1, 1), (259, 3, 1, 1), (262, 3, 1, 2), (277, 3, 1, samples), (278, 3, 1, 1)]
    entries += [(258, 3, samples, 200), (273, 4, 1, 220), (279, 4, 1, 6)]
    data = struct.pack(f"{order}2sHI", {"<": b"II", ">": b"MM"}[order], 42, 8)
    data += struct.pack(f"{order}H", len(entries))
    for tag, kind, count, value in sorted(entries):
        short = kind == 3 and count == 1
        data += struct.pack(f"{order}HHI", tag, kind, count)
        data += struct.pack(f"{order}HH", value, 0) if short else struct.pack(f"{order}I", value)
    data = (data + bytes(4)).ljust(200, b"\0")
    return (data + struct.pack(f"{order}{samples}H", *[bits] * samples)).ljust(220, b"\0") + bytes(6)


def message(data: bytes) -> str:
    with pytest.raises(CorruptImageError) as raised:
        decode_picture(data, "photo")
    return str(raised.value)


@pytest.mark.parametrize(("kind", "name"), [("JPEG2000", "JPEG2000"), ("PPM", "PPM"), ("TGA", "TGA"), ("GIF", "GIF")])
def test_formats_that_pillow_knows_are_named(kind, name):
    assert message(written(kind)) == f"photo: {name} {CONVERT}"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\0\0\0\x18ftypheic", "HEIF"),
        (b"\0\0\0\x1cftypavif", "AVIF"),
        (b"\xff\x0a\x10\x20", "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    ],
)
def test_formats_unknown_to_pillow_are_named(head, name):
    assert message(head + bytes(100)) == f"photo: {name} {CONVERT}"


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [10, 12, 14])
def test_unsupported_tiff_depths_are_named(bits, order):
    sentence = f"photo: TIFF pictures of {bits} bits per sample are not supported; convert it to 8 or 16 bits"
    assert message(tiff(bits, order)) == sentence


def test_supported_depths_are_decoded():
    assert decode_picture(tiff(8), "photo").pixels.shape == (1, 1, 3)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_tiffs_are_explained():
    assert "this TIFF picture is damaged or of an unsupported kind" in message(tiff(8, samples=7))
    assert "this TIFF picture is damaged" in message(b"II*\0\x08\0\0\0")


@pytest.mark.parametrize("data", [b"text\n" * 50, bytes(500), written("PNG")[8:]])
def test_unknown_data_get_no_format_name(data):
    assert message(data) == "photo: it is not a picture, or its header is damaged"


def test_an_empty_file_is_explained():
    assert message(b"") == "photo: the file is empty"
