"""Builds FiveK-6K from a user's copy of MIT-Adobe FiveK (Bychkovsky et al., CVPR 2011).

The paper measures on "FiveK-6k", but no public list of its photographs was found. Our set consists of all photographs
whose long side rounds to six thousand pixels (`catalog.SIX_THOUSAND`), in the order of FiveK's numbers. The files are
upright 8-bit PNGs in sRGB, because color profiles are ignored when they are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from PIL import Image

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.files import write_atomically
from hyperthumb.base.search import search
from hyperthumb.data.image_io import encode_png, list_images, read_image, read_size
from hyperthumb.images import profiles
from hyperthumb.images.pictures import decode_picture

from .catalog import SIX_THOUSAND, SizeRule
from .digests import pixel_digest
from .manifest import ManifestEntry, write_manifest
from .unfinished import UnfinishedFolder, in_threads

RULE = (
    "photographs of MIT-Adobe FiveK with a {sizes}, sorted by name; 8 bits, upright, "
    "converted to sRGB (relative colorimetric) where a file carries another profile"
)
PNG_LEVEL = 4


class Converted(NamedTuple):
    """The result for one photograph: its entry in the manifest, or the reason why it has none."""

    file: str
    entry: ManifestEntry | None = None
    problem: str | None = None


class Built(NamedTuple):
    """The result of `build_fivek6k`.

    Attributes:
        converted: the selected photographs, in order.
        unreadable: files whose header cannot be read, with the reason.
        others: the number of photographs of other sizes.
    """

    converted: list[Converted]
    unreadable: list[str]
    others: int


Progress = Callable[[Iterable[Converted], int], Iterable[Converted]]


def build_fivek6k(
    source: Path, target: Path, jobs: int = 1, progress: Progress | None = None, sizes: SizeRule = SIX_THOUSAND
) -> Built:
    """Selects and converts the photographs, and writes their manifest.

    A run that was stopped resumes. If a file is damaged, the others are converted, and the result stays in
    `TARGET.partial`.

    Args:
        source: one rendition of FiveK's photographs as TIFF, PNG or JPEG files, possibly in subfolders.
        target: the folder to create.
        jobs: the number of photographs processed at a time; each needs about 10 bytes of memory per pixel.
        progress: wraps the iterator over results; it also gets their number.
        sizes: the sizes to select.

    Raises:
        HyperthumbError: when no photograph has such a size, two files have the same name, or the target cannot be made.
    """
    chosen, unreadable, others = _choose(source, sizes)
    folder = UnfinishedFolder(source, target, {"sizes": str(sizes)})
    results: Iterable[Converted] = in_threads(partial(_convert, source, folder.path), chosen, jobs)
    converted = list(results if progress is None else progress(results, len(chosen)))
    if not unreadable and not any(result.problem for result in converted):
        write_manifest(folder.path, RULE.format(sizes=sizes), [result.entry for result in converted if result.entry])
        folder.finish()
    return Built(converted, unreadable, others)


def to_srgb(pixels: np.ndarray, icc: bytes | None, label: str) -> np.ndarray:
    """Converts a uint8 (H, W, 3) image to sRGB; `icc` is its profile, and None means that it is sRGB already.

    Raises:
        HyperthumbError: when the profile cannot be used.
    """
    if icc is None or profiles.is_srgb(icc):  # a conversion would only add rounding errors
        return pixels
    try:
        return np.asarray(profiles.to_srgb(Image.fromarray(pixels), icc))
    except HyperthumbError as error:
        raise HyperthumbError(f"{label}: {error}") from error


def _choose(source: Path, sizes: SizeRule) -> tuple[list[str], list[str], int]:
    """The selected files, messages about unreadable files, and the number of other files."""
    try:
        files = list_images(source)
    except HyperthumbError as error:
        if raw := len(search(source, (".dng",)).files):
            raise HyperthumbError(
                f"{source}: contains {raw} raw files (.dng), which are not supported; use one of FiveK's five sets of "
                "TIFF files, or export the photographs in full size as TIFF or PNG in sRGB"
            ) from error
        raise
    by_name: dict[str, str] = {}
    for file in files:
        name = PurePosixPath(file).stem
        if name in by_name:
            raise HyperthumbError(
                f"{source}: {by_name[name]} and {file} are the same photograph; give the folder of a single expert"
            )
        by_name[name] = file
    chosen, unreadable = [], []
    for _, file in sorted(by_name.items()):
        try:
            if sizes.allows(*read_size(source / file)):
                chosen.append(file)
        except HyperthumbError as error:
            unreadable.append(str(error))
    if not chosen:
        raise HyperthumbError(
            f"{source}: none of its {len(files)} pictures has a {sizes}; use FiveK's files in full size"
        )
    return chosen, unreadable, len(files) - len(chosen) - len(unreadable)


def _convert(source: Path, folder: Path, file: str) -> Converted:
    path = folder / f"{PurePosixPath(file).stem}.png"
    label = str(source / file)
    try:
        if path.exists():  # from a run that was stopped; files are written atomically
            pixels = read_image(path)
        else:
            picture = decode_picture((source / file).read_bytes(), label)
            pixels = to_srgb(picture.pixels, picture.icc, label)
            write_atomically(path, encode_png(pixels, PNG_LEVEL))
    except HyperthumbError as error:
        return Converted(file, problem=str(error))
    except OSError as error:
        return Converted(file, problem=f"{label}: cannot be read ({error.strerror or error})")
    height, width, _ = pixels.shape
    return Converted(file, ManifestEntry(path.name, file, height, width, pixel_digest(pixels)))
