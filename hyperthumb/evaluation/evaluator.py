"""One photograph in, its scores out. The file is what is measured: it is written, read back, and restored from.

Validation, `run_test.py` and benchmarks all measure by `evaluate_image`.
"""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hyperthumb.base.files import write_atomically, writing
from hyperthumb.baselines import BicubicJpeg, Rescaler
from hyperthumb.data import ImagePair, write_png
from hyperthumb.images.pictures import decode_picture
from hyperthumb.jpeg.file import decode_rgb
from hyperthumb.metrics import PSNR_CAP, SECONDS, Distance, ImageScores, Protocol, measure


@dataclass(frozen=True)
class OutputFolder:
    """Where the files of one data set go: `thumbnails/<image>.jpg` and, if wanted, `restored/<image>.png`.

    Files of codecs at full size are not thumbnails. They go to `files/<image>`. Files have the method's suffix.
    """

    root: Path
    keep_restored: bool = True

    def file(self, image: str, rescaler: Rescaler[Any]) -> Path:
        """Where the file that the rescaler writes goes."""
        kind = "thumbnails" if rescaler.has_thumbnail else "files"
        return self.root / kind / f"{image}{rescaler.suffix}"

    def restored(self, image: str) -> Path:
        return self.root / "restored" / f"{image}.png"


@dataclass(frozen=True)
class Measured:
    """One image's scores with the pictures they were taken from, all uint8 (., ., 3) RGB.

    A codec at full size has no thumbnail.
    """

    scores: ImageScores
    original: np.ndarray
    thumbnail: np.ndarray | None
    restored: np.ndarray


def bicubic_psnr(picture: np.ndarray, scale: int, protocol: Protocol) -> float:
    """`psnr_rgb` of bicubic resizing alone, down and up again without a file: what a trained network is above.

    Raises:
        TooSmallError: when the protocol's crop leaves nothing.
    """
    bicubic = BicubicJpeg(scale)
    restored = bicubic.upscale(bicubic.downscale(picture), *picture.shape[:2])
    return min(protocol.psnr_rgb(picture, restored), PSNR_CAP)


def evaluate_image(
    rescaler: Rescaler[Any],
    pair: ImagePair,
    protocol: Protocol,
    folder: OutputFolder | None = None,
    lpips: Distance | None = None,
) -> Measured:
    """Takes one photograph through the file and back.

    Args:
        rescaler: the method that is measured.
        pair: the HR image, and its thumbnail reference where the data set has one (else bicubic is computed).
        protocol: crop and channels of the scores.
        folder: where the files are written to and read back from; None uses a temporary folder.
        lpips: the metric, or None to leave it out.

    Returns:
        The scores and the pictures. Times exclude the disk.

    Raises:
        HyperthumbError: when a file cannot be written, or the pictures cannot be compared.
    """
    if folder is None:
        with _temporary_folder() as temporary:
            return evaluate_image(rescaler, pair, protocol, OutputFolder(temporary, keep_restored=False), lpips)
    path = folder.file(pair.name, rescaler)
    thumbnail, restored, seconds = _through_file(rescaler, pair.hr, path)
    if folder.keep_restored:
        write_png(folder.restored(pair.name), restored)
    shown = thumbnails = None
    if rescaler.has_thumbnail:
        data = path.read_bytes()
        shown = decode_rgb(data) if rescaler.suffix == ".jpg" else decode_picture(data, str(path)).pixels
        reference = pair.reference if pair.reference is not None else BicubicJpeg(rescaler.scale).downscale(pair.hr)
        thumbnails = (shown, reference)
    scores = measure(
        pair.name,
        pair.hr,
        restored,
        path.stat().st_size,
        protocol,
        thumbnails=thumbnails,
        lpips=lpips,
        rate_estimate_bits=rescaler.rate_estimate(thumbnail),
    )
    return Measured(dataclasses.replace(scores, **seconds), pair.hr, shown, restored)


def _through_file(rescaler: Rescaler[Any], hr: np.ndarray, path: Path) -> tuple[Any, np.ndarray, dict[str, Any]]:
    """Writes the file, reads it back, restores from it.

    Returns:
        The thumbnail before it was written, the restored photograph, and the times by the names of `SECONDS`.
    """
    started = time.perf_counter()
    thumbnail = rescaler.downscale(hr)
    downscaled = time.perf_counter()
    data = rescaler.write(thumbnail)
    encoded = time.perf_counter()
    write_atomically(path, data)  # replaces a link of this name instead of writing through it

    data = path.read_bytes()
    begun = time.perf_counter()
    read = rescaler.read(data)
    decoded = time.perf_counter()
    restored = rescaler.upscale(read, *hr.shape[:2])
    upscaled = time.perf_counter()
    seconds = (encoded - started, upscaled - begun, downscaled - started, upscaled - decoded)
    return thumbnail, restored, dict(zip(SECONDS, seconds, strict=True))


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """A folder for files that are not kept. It is not an error when another program has removed it already."""
    with writing(Path(tempfile.gettempdir())):
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with folder as name:
        yield Path(name)
