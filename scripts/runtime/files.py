"""The files that the measured processes read, made of one photograph."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np

import hyperthumb
from hyperthumb.baselines.full_size import Avif, WebP

from .cases import Case, source_of

CODECS = {"AVIF": Avif(quality=33), "WebP": WebP(quality=12)}
"""At the qualities that give about 0.30 bpp on Kodak (results/benchmark/kodak_4x)."""


def prepare(photo: Path, cases: Iterable[Case], folder: Path) -> None:
    """Makes every file that the cases read: photographs, thumbnails, and files of other codecs.

    A photograph that is smaller than a case's size is mirrored at its edges, so that it has as much detail everywhere.
    """
    picture = hyperthumb.read_picture(photo).pixels
    codec_of = cache(lambda model: hyperthumb.load(model, "cpu", engine="onnxruntime"))
    for case in cases:
        path = source_of(folder, case)
        if path.exists():
            continue
        pixels = at_size(picture, case.width, case.height)
        if case.part == "compress":
            np.save(path, pixels)
        elif case.part == "codec":
            path.write_bytes(CODECS[case.model].write(pixels))
        else:
            path.write_bytes(codec_of("lite_4x" if case.model == "paper" else case.model).compress(pixels))


def at_size(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """The picture, mirrored at its edges or cropped to a size, uint8 (height, width, 3)."""
    missing = [max(wanted - side, 0) for wanted, side in zip((height, width), picture.shape, strict=False)]
    padded = np.pad(picture, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="symmetric")
    return np.ascontiguousarray(padded[:height, :width])
