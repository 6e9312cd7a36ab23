"""Chooses the files to write. A result never replaces a source, and two results never get the same file."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.limits import RESTORED_TAG, THUMBNAIL_TAG
from hyperthumb.base.wording import join_words

from .sources import Source
from .streams import OUTPUT_WORDS, STANDARD_OUTPUT, is_stream, shown

_OTHER_PICTURES = (
    ".avif", ".bmp", ".gif", ".heic", ".jfif", ".jp2", ".jpeg", ".jpg", ".jxl", ".png", ".tif", ".tiff", ".webp",
)  # fmt: skip


class UsageError(HyperthumbError):
    """Arguments that contradict each other."""


class Naming(NamedTuple):
    """The names of a command's results: `photo.png` becomes `photo` + tag (".thumb") + extension (".jpg").

    `-o FILE` may have the `writable` extensions. `noun` is the word for the results in messages.
    """

    tag: str
    extension: str
    writable: tuple[str, ...]
    noun: str


class Job(NamedTuple):
    """One file to make from another.

    Attributes:
        target: the file to write; None if the source has a problem.
        problem: why it cannot be done.
        skipped: whether it is skipped because the target exists; then it is not a failure.
    """

    source: Path
    target: Path | None
    problem: str | None = None
    skipped: bool = False


def plan(
    sources: Sequence[Source],
    output: str | None,
    naming: Naming,
    overwrite: bool,
    skip_existing: bool,
    complain: Callable[[Path], str | None] = lambda path: None,
) -> list[Job]:
    """Chooses the target of every source.

    Args:
        sources: the files to process.
        output: the argument of `-o`: a file or standard output, for a single source; a folder, in which the sources'
            subfolders are kept; None writes to the folder of each source.
        naming: the names of the results.
        overwrite: whether existing files are replaced.
        skip_existing: whether sources with an existing result are skipped instead of failing.
        complain: returns why a file cannot be read, or None. It is called only for sources with the same target:
            `IMG_1.CR2`, which is not supported, must not block the target of `IMG_1.JPG`.

    Raises:
        UsageError: when `output` does not fit the sources, or has an unsupported extension.
    """
    folder = _as_folder(output, sources, naming)
    targets = [_target(source, folder, output, naming) for source in sources]
    rivals = Counter(os.path.realpath(target) for target in targets if target is not None)
    taken: dict[str, Path] = {}
    read = {os.path.realpath(source.path): source.path for source in sources if source.problem is None}
    jobs = []
    for source, target in zip(sources, targets, strict=True):
        if target is None:
            jobs.append(Job(source.path, None, source.problem))
            continue
        place = os.path.realpath(target)
        problem, skipped = None, False
        if rivals[place] > 1 and (complaint := complain(source.path)):
            jobs.append(Job(source.path, None, complaint))
            continue
        if place in read:
            problem = f"its result would replace the source {read[place]}"
        elif place in taken:
            problem = f"its result would have the same name as that of {taken[place]}, {target}; rename one of them"
        elif target != STANDARD_OUTPUT and os.path.lexists(target) and not overwrite:
            skipped = skip_existing
            problem = f"{target} exists; use --overwrite to replace it"
        taken.setdefault(place, source.path)
        jobs.append(Job(source.path, target, problem, skipped))
    return jobs


def _target(source: Source, folder: Path | None, output: str | None, naming: Naming) -> Path | None:
    if source.problem is not None:
        return None
    if folder is not None:
        return folder / source.relative.with_name(_name(source.path, naming))
    if output is not None:
        return STANDARD_OUTPUT if output in OUTPUT_WORDS else Path(output)
    if is_stream(source.path):
        raise UsageError(
            f"{shown(source.path)} has no name from which to derive the result's; give a file or folder with -o, "
            "or use -o - to write to standard output"
        )
    return source.path.with_name(_name(source.path, naming))


def _as_folder(output: str | None, sources: Sequence[Source], naming: Naming) -> Path | None:
    """`output` if it is a folder; None if it is a file or not given."""
    if output is None:
        return None
    if not output:
        raise UsageError("the name after -o is empty")
    if output in OUTPUT_WORDS:
        _check_single(output, sources)
        return None
    path = Path(output)
    if path.is_dir() or output.endswith(("/", os.sep)):
        return path
    extension = path.suffix.lower()
    if extension in naming.writable:
        _check_single(output, sources)
        return None
    if extension in _OTHER_PICTURES:
        raise UsageError(f"-o {output}: the name of {naming.noun} must end in {join_words(naming.writable)}")
    return path


def _check_single(output: str, sources: Sequence[Source]) -> None:
    if len(sources) > 1 or any(len(source.relative.parts) > 1 for source in sources):
        raise UsageError(f"-o {output} is a single file, but there are {len(sources)} results to write; give a folder")


def _name(source: Path, naming: Naming) -> str:
    """`photo.png` -> `photo.thumb.jpg` -> `photo.restored.png`."""
    stem = source.stem
    for tag in (THUMBNAIL_TAG, RESTORED_TAG):
        if stem.endswith(tag) and len(stem) > len(tag):
            stem = stem[: -len(tag)]
    return f"{stem}{naming.tag}{naming.extension}"
