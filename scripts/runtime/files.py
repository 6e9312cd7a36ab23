"""The files that the measured processes read, made of one photograph."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

import hyperthumb
from hyperthumb.baselines.full_size import Avif, WebP
from hyperthumb.cli.export import read_photographs
from hyperthumb.models.zoo import find_model
from hyperthumb.runtime.export import Parts
from hyperthumb.runtime.exported_engine import graph_path
from hyperthumb.runtime.manifest import PARTS

from .cases import Case, int8_model, source_of

CODECS = {"AVIF": Avif(quality=33), "WebP": WebP(quality=12)}
"""At the qualities that give about 0.30 bpp on Kodak (results/benchmark/kodak_4x)."""


def prepare(photo: Path, cases: Sequence[Case], folder: Path, calibrate: Path | None = None) -> None:
    """Makes every file that the cases read: photographs, thumbnails, files of other codecs, and int8 graphs.

    A photograph that is smaller than a case's size is mirrored at its edges, so that it has as much detail everywhere.

    Args:
        photo: the photograph.
        cases: all cases.
        folder: where the files go.
        calibrate: a folder of photographs for the int8 graphs, if a case needs one.

    Raises:
        HyperthumbError: if an int8 graph loses too much, see `hyperthumb.export`.
    """
    if calibrate is not None:
        photographs = list(read_photographs(str(calibrate)).values())
        for model in sorted({case.model for case in cases if case.precision == "int8"}):
            compresses = any((case.part, case.model) == ("compress", model) for case in cases)
            prepare_int8(model, "both" if compresses else "decoder", folder, photographs)
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


def prepare_int8(model: str, part: Parts, folder: Path, photographs: Sequence[np.ndarray]) -> None:
    """Copies a shipped model, and writes its decoder or both parts in int8 beside it."""
    path = find_model(model)
    for source in (path, *(graph_path(path, part) for part in PARTS)):
        shutil.copy(source, folder)
    hyperthumb.export(int8_model(folder, model), folder, part, "int8", photographs)


def at_size(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """The picture, mirrored at its edges or cropped to a size, uint8 (height, width, 3)."""
    missing = [max(wanted - side, 0) for wanted, side in zip((height, width), picture.shape, strict=False)]
    padded = np.pad(picture, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="symmetric")
    return np.ascontiguousarray(padded[:height, :width])
