"""FiveK-6K out of a user's own copy of MIT-Adobe FiveK (Bychkovsky et al., CVPR 2011).

The paper measures on "FiveK-6k"; no public list of its photographs was found. Here the rule is: every
photograph whose long side rounds to six thousand pixels (`catalog.SIX_THOUSAND`), in the order of FiveK's numbers. The
files are PNGs of 8 bits, upright, with sRGB's numbers, since what reads them looks at no color profile.
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
    """What came of one photograph: its line of the manifest, or why there is none."""

    file: str
    entry: ManifestEntry | None = None
    problem: str | None = None


class Built(NamedTuple):
    """What came of the set.

    Attributes:
        converted: the photographs that were chosen, in order.
        unreadable: files whose header cannot be read, with the reason.
        others: how many photographs have another size.
    """

    converted: list[Converted]
    unreadable: list[str]
    others: int


Progress = Callable[[Iterable[Converted], int], Iterable[Converted]]


def build_fivek6k(
    source: Path, target: Path, jobs: int = 1, progress: Progress | None = None, sizes: SizeRule = SIX_THOUSAND
) -> Built:
    """Chooses, converts and lists the photographs.

    A run that was stopped goes on where it was. When a file is damaged the rest is converted, and what is done stays
    in `TARGET.partial`.

    Args:
        source: one rendition of FiveK's photographs as TIFF, PNG or JPEG files, in subfolders too.
        target: the folder to make.
        jobs: photographs at a time; each takes about 10 bytes of memory a pixel.
        progress: wraps the results as they come, given how many there will be.
        sizes: which to take.

    Raises:
        HyperthumbError: when there is nothing to take, two files have one name, or the target cannot be made.
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
    """A uint8 (H, W, 3) image in the numbers of sRGB; `icc` says what they are now, None that they are sRGB's.

    Raises:
        HyperthumbError: when the profile cannot be used.
    """
    if icc is None or profiles.is_srgb(icc):  # a conversion would only round
        return pixels
    try:
        return np.asarray(profiles.to_srgb(Image.fromarray(pixels), icc))
    except HyperthumbError as error:
        raise HyperthumbError(f"{label}: {error}") from error


def _choose(source: Path, sizes: SizeRule) -> tuple[list[str], list[str], int]:
    """The files to take, complaints about those that cannot be read, and how many others there are."""
    try:
        files = list_images(source)
    except HyperthumbError as error:
        if raw := len(search(source, (".dng",)).files):
            raise HyperthumbError(
                f"{source}: holds {raw} raw files (.dng), which are not developed here; take one of FiveK's five sets "
                "of TIFF files, or export the photographs in full size as TIFF or PNG in sRGB"
            ) from error
        raise
    by_name: dict[str, str] = {}
    for file in files:
        name = PurePosixPath(file).stem
        if name in by_name:
            raise HyperthumbError(
                f"{source}: {by_name[name]} and {file} are the same photograph; name the folder of one expert's files"
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
            f"{source}: none of its {len(files)} pictures has a {sizes}; FiveK's files in full size do"
        )
    return chosen, unreadable, len(files) - len(chosen) - len(unreadable)


def _convert(source: Path, folder: Path, file: str) -> Converted:
    path = folder / f"{PurePosixPath(file).stem}.png"
    label = str(source / file)
    try:
        if path.exists():  # of a run that was stopped; files are whole or absent
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
