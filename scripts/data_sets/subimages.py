"""Cuts photographs into overlapping squares, which are faster to read than whole photographs when crops are small.

Names and positions are those of BasicSR's preparation of DIV2K: the squares of `0001.png` are `0001_s001.png` and so
on, row by row. The last square of a row or column ends at the border.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.files import write_atomically
from hyperthumb.data.image_io import encode_png, list_images, read_image, read_size

from .unfinished import UnfinishedFolder, in_threads

PNG_LEVEL = 3


class Cut(NamedTuple):
    """The result for one photograph.

    Attributes:
        file: its path, relative to the source folder.
        squares: the number of its squares.
        written: the number of squares written now; the others existed already.
        problem: why it could not be cut, or None.
    """

    file: str
    squares: int = 0
    written: int = 0
    problem: str | None = None


Progress = Callable[[Iterable[Cut], int], Iterable[Cut]]


def offsets(length: int, size: int, step: int) -> list[int]:
    """The starts of the squares along a side of `length` pixels; empty if it is shorter than a square."""
    starts = list(range(0, length - size + 1, step))
    if starts and starts[-1] + size < length:
        starts.append(length - size)
    return starts


def cut_subimages(
    source: Path, target: Path, size: int, step: int, jobs: int = 1, progress: Progress | None = None
) -> list[Cut]:
    """Cuts every photograph of a folder.

    A run that was stopped resumes. If a photograph is damaged, the others are cut, and the result stays in
    `TARGET.partial`. A photograph smaller than a square is left out.

    Args:
        source: the folder of photographs; subfolders are searched.
        target: the folder to create.
        size: the side of a square in pixels.
        step: the distance between the starts of two squares in pixels.
        jobs: the number of photographs processed at a time.
        progress: wraps the iterator over results; it also gets their number.

    Returns:
        The result for each photograph, in order.

    Raises:
        HyperthumbError: when there are no photographs, all are too small, two have the same name, or the target cannot
            be created.
    """
    files = list_images(source)
    names = {PurePosixPath(file).with_suffix("") for file in files}
    if len(names) < len(files):
        raise HyperthumbError(
            f"{source}: contains pictures whose names differ only in the extension; rename one of them"
        )
    folder = UnfinishedFolder(source, target, {"size": size, "step": step})
    results: Iterable[Cut] = in_threads(partial(_cut, source, folder.path, size, step), files, jobs)
    cuts = list(results if progress is None else progress(results, len(files)))
    if not any(cut.squares or cut.problem for cut in cuts):
        folder.discard()
        raise HyperthumbError(f"{source}: none of its {len(files)} pictures is as large as {size}x{size}")
    if not any(cut.problem for cut in cuts):
        folder.finish()
    return cuts


def _cut(source: Path, folder: Path, size: int, step: int, file: str) -> Cut:
    try:
        height, width = read_size(source / file)
        corners = [(top, left) for top in offsets(height, size, step) for left in offsets(width, size, step)]
        name = PurePosixPath(file).with_suffix("")
        paths = [folder / name.with_name(f"{name.name}_s{number:03}.png") for number in range(1, len(corners) + 1)]
        missing = [place for place in zip(paths, corners, strict=True) if not place[0].exists()]
        if missing:
            pixels = read_image(source / file)
            for path, (top, left) in missing:
                write_atomically(path, encode_png(pixels[top : top + size, left : left + size], PNG_LEVEL))
    except HyperthumbError as error:
        return Cut(file, problem=str(error))
    return Cut(file, len(corners), len(missing))
