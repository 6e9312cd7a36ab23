"""Thumbnails for the tests of this folder."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
from PIL import Image

from hyperthumb.jpeg.file import MAX_AC, JpegThumbnail
from hyperthumb.jpeg.segments import DHT, segments


def thumbnail(height=19, width=33, seed=0, **changes) -> JpegThumbnail:
    """Coefficients as real ones are: few are not zero."""
    rng = np.random.default_rng(seed)
    shape = (3, -(-height // 8), -(-width // 8), 8, 8)
    coefficients = np.clip(np.round(rng.standard_t(1.5, shape)), -MAX_AC, MAX_AC).astype(np.int16)
    fields = JpegThumbnail(coefficients, rng.integers(1, 256, (2, 8, 8)), height, width)
    return dataclasses.replace(fields, **changes)


def shaded(height=64, width=80, scale=4, **changes) -> JpegThumbnail:
    """A smooth picture at the standard's tables of quality 75, with all that a file of ours says."""
    from hyperthumb.jpeg.any_file import read_any

    read, _ = read_any(pillow_jpeg(height, width, quality=75, subsampling=0))
    fields = {
        "hr_height": height * scale - 1,
        "hr_width": width * scale - 2,
        "scale": scale,
        "model_id": b"\x0a\xbc\xde",
    }
    return dataclasses.replace(read, **(fields | changes))


def pillow_jpeg(height=64, width=80, mode="RGB", **options) -> bytes:
    """A smooth picture with a little grain, as Pillow writes it."""
    rows, columns = np.mgrid[0:height, 0:width]
    waves = [128 + 90 * np.sin(rows / 9 + k) * np.cos(columns / (11 + k)) for k in range(3)]
    picture = np.stack(waves, axis=2) + np.random.default_rng(1).normal(0, 3, (height, width, 3))
    buffer = io.BytesIO()
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).convert(mode).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def with_impossible_codes(data: bytes) -> bytes:
    """A file whose first Huffman table gives one bit to every symbol: whole headers, and no decoder takes them."""
    table = next(part.start for part in segments(data) if part.marker == DHT)
    first = table + 5  # after the marker, the length and the table's number
    return data[:first] + bytes([sum(data[first : first + 16]), *[0] * 15]) + data[first + 16 :]


def same_content(a: JpegThumbnail, b: JpegThumbnail) -> bool:
    """Whether two thumbnails hold the same, apart from `intact`."""
    names = ("height", "width", "hr_height", "hr_width", "scale", "model_id")
    return (
        np.array_equal(a.coefficients, b.coefficients)
        and np.array_equal(a.tables, b.tables)
        and all(getattr(a, name) == getattr(b, name) for name in names)
    )
