"""Reads damaged thumbnails, one after another: `python tests/jpeg/fuzz.py FIRST COUNT BACKEND`.

A process of its own, so that a crash of the JPEG library, a hang or a hunger for memory is found out and not shared.
Mutation n is the same in every run. Each number is printed before it is tried.
"""

from __future__ import annotations

import functools
import io
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

import hyperthumb.jpeg.dct  # noqa: F401 - torch takes seconds to import, and must not be timed below
from hyperthumb.base.errors import ThumbnailError
from hyperthumb.base.limits import PROFILES
from hyperthumb.jpeg.any_file import read_any
from hyperthumb.jpeg.file import JpegThumbnail, decode_rgb, write_jpeg
from hyperthumb.jpeg.inspection import describe

SECONDS = 2.0  # of processor time for one damaged file of 10 kB
READERS = {
    "jpeglib": (read_any, decode_rgb, describe),
    "torchjpeg": (functools.partial(read_any, backend="torchjpeg"),),  # the others do not depend on the library
}


def good_files() -> list[bytes]:
    """Thumbnails in each profile, and what other programs write."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0:96, 0:128]
    smooth = np.stack([rows * 2, columns * 2, rows + columns], axis=2) + rng.normal(0, 8, (96, 128, 3))
    picture = Image.fromarray(np.clip(smooth, 0, 255).astype(np.uint8))
    files = []
    for options in (
        {"subsampling": 0},
        {"subsampling": 2},
        {"subsampling": 2, "progressive": True},
        {"keep_rgb": True},
    ):
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=85, **options)
        files.append(buffer.getvalue())
    buffer = io.BytesIO()
    picture.convert("L").save(buffer, "JPEG", restart_marker_rows=1)
    files.append(buffer.getvalue())
    thumbnail = read_any(files[0])[0]
    ours = JpegThumbnail(thumbnail.coefficients, thumbnail.tables, 96, 128, 381, 511, 4, b"abc")
    files.append((Path(__file__).parent / "restart_markers.jpg").read_bytes())
    for profile in PROFILES:
        files += [write_jpeg(ours, profile), write_jpeg(ours, profile, icc=bytes(range(200)))]
    return files


def mutate(files: list[bytes], number: int) -> bytes:
    """One of the files with one to four things wrong."""
    rng = np.random.default_rng((7, number))
    data = bytearray(files[rng.integers(len(files))])
    headers = data.find(b"\xff\xda") + 16
    for _ in range(rng.integers(1, 5)):
        # Half of the damage goes to the headers, which are a tenth of the bytes.
        place = int(rng.integers(2, max(3, min(headers, len(data)) if rng.random() < 0.5 else len(data))))
        kind = rng.integers(8)
        if kind == 0:
            data[place : place + 1] = bytes([rng.integers(256)])
        elif kind == 1:
            data[place : place + 1] = bytes([data[place % len(data)] ^ (1 << int(rng.integers(8)))])
        elif kind == 2:
            del data[place:]
        elif kind == 3:
            del data[place : place + int(rng.integers(1, 200))]
        elif kind == 4:
            data[place:place] = rng.integers(0, 256, rng.integers(1, 64), dtype=np.uint8).tobytes()
        elif kind == 5:
            data[place : place + 2] = bytes([0xFF, rng.integers(0xC0, 0xFF)])
        elif kind == 6:
            data[place : place + 2] = [b"\xff\xff", b"\x00\x00", b"\x00\x01", b"\x7f\xff"][rng.integers(4)]
        else:
            start = int(rng.integers(len(data)))
            data[place:place] = data[start : start + int(rng.integers(1, 400))]
        if len(data) < 4:
            break
    return bytes(data)


def main(first: int, count: int, backend: str) -> None:
    files = good_files()
    outcomes = {"read": 0, "refused": 0}
    slowest = 0.0
    for number in range(first, first + count):
        print(number, flush=True)
        data = mutate(files, number)
        for reader in READERS[backend]:
            started = time.process_time()
            try:
                reader(data)
                outcomes["read"] += 1
            except ThumbnailError:
                outcomes["refused"] += 1
            seconds = time.process_time() - started
            assert seconds < SECONDS, f"mutation {number} took {reader} {seconds:.1f} s"
            slowest = max(slowest, seconds)
    print(f"{count} mutations, {outcomes['read']} times read, {outcomes['refused']} refused, slowest {slowest:.3f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
