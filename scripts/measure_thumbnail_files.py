"""Measures the bytes of each profile and the time to write and read it (docs/appendix/thumbnails.md).

    python scripts/measure_thumbnail_files.py FOLDER [--photo FILE] [--bpp 0.30] [--scale 4]

Each picture of the folder, and the photograph, is downscaled with bicubic interpolation and quantized with the
standard's tables, at the highest quality at which the file of the profile `default` has at most the given bpp. Times
are the least CPU times of several runs on one thread, so that other load on the machine has little effect.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from hyperthumb.base.limits import PROFILES, SCALES, Profile
from hyperthumb.base.output import emit, entry_point
from hyperthumb.data.image_io import list_images, read_image
from hyperthumb.images.padding import pad_to_multiple
from hyperthumb.images.pixels import to_tensor
from hyperthumb.images.resize import bicubic_downscale
from hyperthumb.jpeg.file import JpegThumbnail, read_jpeg, write_jpeg
from hyperthumb.jpeg.simulator import rgb_to_coefficients
from hyperthumb.jpeg.tables import standard_tables

RUNS = 7


class Measured(NamedTuple):
    """A profile's bytes, and milliseconds to write and to read it."""

    num_bytes: int
    write: float
    read: float


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Prints tables as Markdown; returns 0, or 1 for an error."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="photographs whose results are averaged")
    parser.add_argument("--photo", type=Path, help="a large photograph with its own table")
    parser.add_argument("--bpp", type=float, default=0.30, help="rate in the profile default (default %(default)s)")
    parser.add_argument("--scale", type=int, default=4, choices=SCALES, help="default %(default)s")
    words = parser.parse_args(arguments)
    torch.set_num_threads(1)
    groups = [(words.folder.name, [words.folder / name for name in list_images(words.folder)])]
    if words.photo:
        groups.append((words.photo.name, [words.photo]))
    for name, paths in groups:
        thumbnails = [make_thumbnail(read_image(path), words.scale, words.bpp) for path in paths]
        print_table(name, thumbnails)
    return 0


def make_thumbnail(image: np.ndarray, scale: int, bpp: float) -> JpegThumbnail:
    """Downscales and quantizes the picture, at the highest quality whose default file has at most this bpp."""
    hr_height, hr_width = image.shape[:2]
    height, width = math.ceil(hr_height / scale), math.ceil(hr_width / scale)
    padded = to_tensor(pad_to_multiple(image, 8 * scale))
    coefficients = rgb_to_coefficients(bicubic_downscale(padded, scale).clamp(0, 1))[0].numpy()

    def at(quality: int) -> JpegThumbnail:
        tables = standard_tables(quality)
        quantized = np.round(coefficients / tables[[0, 1, 1]][:, None, None]).astype(np.int16)
        return JpegThumbnail(quantized, tables, height, width, hr_height, hr_width, scale, b"\x01\x02\x03")

    low, high = 1, 100
    while low < high:
        middle = (low + high + 1) // 2
        fits = 8 * len(write_jpeg(at(middle), "default")) <= bpp * hr_height * hr_width
        low, high = (middle, high) if fits else (low, middle - 1)
    return at(low)


def measure(thumbnail: JpegThumbnail, profile: Profile) -> Measured:
    """Measures a profile. The times are the least of RUNS runs."""
    data = write_jpeg(thumbnail, profile)
    assert np.array_equal(read_jpeg(data).coefficients, thumbnail.coefficients)
    write = least_milliseconds(lambda: write_jpeg(thumbnail, profile))
    return Measured(len(data), write, least_milliseconds(lambda: read_jpeg(data)))


def least_milliseconds(call: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS):
        started = time.process_time()
        call()
        times.append(time.process_time() - started)
    return 1000 * min(times)


def print_table(name: str, thumbnails: list[JpegThumbnail]) -> None:
    """Prints a table as Markdown. Bytes are summed over the pictures, and times are averaged."""
    pixels = sum((t.hr_height or 0) * (t.hr_width or 0) for t in thumbnails)
    sizes = sorted({f"{t.width}x{t.height}" for t in thumbnails})
    emit(f"\n{name}: {len(thumbnails)} thumbnails of {', '.join(sizes)}\n")
    emit("| profile | bytes | bpp | against default | write, ms | read, ms |\n|---|---|---|---|---|---|")
    default = 0
    for profile in PROFILES[::-1]:
        rows = [measure(thumbnail, profile) for thumbnail in thumbnails]
        total = sum(row.num_bytes for row in rows)
        default = default or total
        write, read = (np.mean([row[i] for row in rows]) for i in (1, 2))
        against = f"{100 * (total / default - 1):+.2f} %"
        emit(f"| {profile} | {total} | {8 * total / pixels:.4f} | {against} | {write:.1f} | {read:.1f} |")


if __name__ == "__main__":
    sys.exit(main())
