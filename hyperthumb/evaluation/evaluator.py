"""Dataset in, a row of numbers an image out. The file is the evaluation: written, read back, and restored from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hyperthumb.base.files import write_atomically
from hyperthumb.baselines import BicubicJpeg, FullSizeCodec, Rescaler
from hyperthumb.data import ImagePair, write_png
from hyperthumb.jpeg.file import decode_rgb
from hyperthumb.metrics import MetricRow, Protocol, measure

Distance = Callable[[np.ndarray, np.ndarray], float]


@dataclass(frozen=True)
class OutputFolder:
    """Where the files of one dataset go: `thumbnails/<image>.jpg` and, if wanted, `restored/<image>.png`.

    Those of codecs at full size are no thumbnails and go to `files/<image>` with their own suffix.
    """

    root: Path
    keep_restored: bool = True

    def thumbnail(self, image: str) -> Path:
        return self.root / "thumbnails" / f"{image}.jpg"

    def file(self, image: str, rescaler: Rescaler[Any]) -> Path:
        """Where what the rescaler writes goes."""
        if isinstance(rescaler, FullSizeCodec):
            return self.root / "files" / f"{image}{rescaler.suffix}"
        return self.thumbnail(image)

    def restored(self, image: str) -> Path:
        return self.root / "restored" / f"{image}.png"


@dataclass(frozen=True)
class Measured:
    """One image's numbers with the pictures they were taken from, all uint8 (., ., 3) RGB.

    Of a codec at full size there is no thumbnail.
    """

    row: MetricRow
    original: np.ndarray
    thumbnail: np.ndarray | None
    restored: np.ndarray


def evaluate_image(
    rescaler: Rescaler[Any],
    pair: ImagePair,
    protocol: Protocol,
    folder: OutputFolder,
    lpips: Distance | None = None,
) -> Measured:
    """Takes one photograph through the file and back.

    Args:
        rescaler: what is measured.
        pair: the HR image, and its thumbnail reference where the dataset has one (else bicubic is computed).
        protocol: crop and channels of the numbers.
        folder: where the files are written and read back from.
        lpips: a distance between two pictures, or None to leave its column empty.

    Returns:
        The row and the pictures. Times exclude the disk: downscale and write; read and upscale.
    """
    height, width = pair.hr.shape[:2]
    started = time.perf_counter()
    thumbnail = rescaler.downscale(pair.hr)
    seconds_downscale = time.perf_counter() - started
    data = rescaler.write(thumbnail)
    seconds_encode = time.perf_counter() - started
    path = folder.file(pair.name, rescaler)
    write_atomically(path, data)  # in place of a link that stands there, not through it

    data = path.read_bytes()
    started = time.perf_counter()
    read = rescaler.read(data)
    seconds_read = time.perf_counter() - started
    restored = rescaler.upscale(read, height, width)
    seconds_decode = time.perf_counter() - started
    if folder.keep_restored:
        write_png(folder.restored(pair.name), restored)

    shown = reference = None
    if not isinstance(rescaler, FullSizeCodec):
        shown = decode_rgb(data)
        reference = pair.reference if pair.reference is not None else BicubicJpeg(rescaler.scale).downscale(pair.hr)
    row = measure(
        pair.name,
        pair.hr,
        restored,
        path.stat().st_size,
        protocol,
        thumbnail=shown,
        reference=reference,
        rate_estimate_bits=rescaler.rate_estimate(thumbnail),
        lpips=lpips,
        seconds_encode=seconds_encode,
        seconds_decode=seconds_decode,
        seconds_downscale=seconds_downscale,
        seconds_upscale=seconds_decode - seconds_read,
    )
    return Measured(row, pair.hr, shown, restored)


def evaluate(
    rescaler: Rescaler[Any],
    pairs: Iterable[ImagePair],
    protocol: Protocol,
    folder: OutputFolder,
    lpips: Distance | None = None,
) -> Iterable[Measured]:
    """`evaluate_image` over a dataset, one image at a time, so that memory does not grow with it."""
    for pair in pairs:
        yield evaluate_image(rescaler, pair, protocol, folder, lpips)
