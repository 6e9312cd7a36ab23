"""Where results go: beside their sources, to a file, or into a folder; never over a source, nor two to one place."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.wording import join_words

from .sources import Source
from .streams import OUTPUT_WORDS, STANDARD_OUTPUT, is_stream, shown

_OTHER_PICTURES = (".avif", ".bmp", ".gif", ".heic", ".jp2", ".jpeg", ".jpg", ".jxl", ".png", ".tif", ".tiff", ".webp")
THUMBNAIL_TAG, RESTORED_TAG = ".thumb", ".restored"


class UsageError(HyperthumbError):
    """Arguments that do not go together."""


class Naming(NamedTuple):
    """What a command's results are called: `photo.png` becomes `photo` + tag + extension.

    Attributes:
        tag: such as ".thumb".
        extension: such as ".jpg".
        writable: every extension that `-o FILE` may end in.
        noun: what is written, for messages.
    """

    tag: str
    extension: str
    writable: tuple[str, ...]
    noun: str


class Job(NamedTuple):
    """One file to make out of another.

    Attributes:
        source: the file to read.
        target: the file to write; None for a source that is none.
        problem: why it cannot be done.
        skipped: it need not be done either: the target exists and existing ones were to be skipped.
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
    """Gives every source its target.

    Args:
        sources: what to work on.
        output: `-o`: a file or standard output, for one source only; a folder, which keeps the sources' own folders;
            None: beside them.
        naming: how files are called.
        overwrite: whether existing files are replaced.
        skip_existing: whether they are no failure.
        complain: why a file cannot be read, or None. It is asked of those that have one target: `IMG_1.CR2`, which is
            not read, must not keep `IMG_1.JPG` from it.

    Raises:
        UsageError: when `output` cannot take the sources, or has an extension that is not written.
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
            problem = f"would be written over {read[place]}, which is to be read"
        elif place in taken:
            problem = f"would be written to {target}, like {taken[place]}; rename one of them"
        elif target != STANDARD_OUTPUT and os.path.lexists(target) and not overwrite:
            skipped = skip_existing
            problem = f"{target} exists; --overwrite replaces it"
        taken.setdefault(place, source.path)
        jobs.append(Job(source.path, target, problem, skipped))
    return jobs


def _target(source: Source, folder: Path | None, output: str | None, naming: Naming) -> Path | None:
    """Where the result of a source goes; None for a source that is none."""
    if source.problem is not None:
        return None
    if folder is not None:
        return folder / source.relative.with_name(_name(source.path, naming))
    if output is not None:
        return STANDARD_OUTPUT if output in OUTPUT_WORDS else Path(output)
    if is_stream(source.path):
        raise UsageError(
            f"{shown(source.path)} has no name to make another of; name a file or folder with -o, "
            "or write to standard output with -o -"
        )
    return source.path.with_name(_name(source.path, naming))


def _as_folder(output: str | None, sources: Sequence[Source], naming: Naming) -> Path | None:
    """`output` if it is a folder; None when it is a file or not given."""
    if output is None:
        return None
    if not output:
        raise UsageError("-o is followed by an empty name")
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
        raise UsageError(f"-o {output}: {naming.noun} end in {join_words(naming.writable)}")
    return path


def _check_single(output: str, sources: Sequence[Source]) -> None:
    if len(sources) > 1 or any(len(source.relative.parts) > 1 for source in sources):
        raise UsageError(f"-o {output} is one file and there are {len(sources)} to write; give a folder")


def _name(source: Path, naming: Naming) -> str:
    """`photo.png` -> `photo.thumb.jpg` -> `photo.restored.png`."""
    stem = source.stem
    for tag in (THUMBNAIL_TAG, RESTORED_TAG):
        if stem.endswith(tag) and len(stem) > len(tag):
            stem = stem[: -len(tag)]
    return f"{stem}{naming.tag}{naming.extension}"
