"""Which files the words on the command line stand for: files, folders, and patterns that no shell has expanded."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from hyperthumb.base.errors import HyperthumbError, ThumbnailError
from hyperthumb.base.files import find_files

from .messages import note

MAX_FILE_BYTES = 2**30
"""No photograph or thumbnail is larger; a file that is would fill the memory before anything can be said of it."""

JPEG_EXTENSIONS = (".jpg", ".jpeg")
_HEAD_BYTES = 2**16  # our segment is the second one of the file


class Source(NamedTuple):
    """One file to work on, or one word that stands for none.

    Attributes:
        path: the file.
        relative: where it stands below the folder that was named; its bare name when it was named itself.
        problem: why it cannot be worked on.
    """

    path: Path
    relative: Path
    problem: str | None = None


def find_sources(
    words: Sequence[str], extensions: Sequence[str], kind: str, wanted: Callable[[Path], bool] | None = None
) -> list[Source]:
    """The files that the words stand for, each once, in the order of the words.

    Args:
        words: files (taken whatever their names), folders (searched to the bottom for the extensions), patterns.
        extensions: what files in folders end in.
        kind: what they are called in messages, such as "photographs".
        wanted: a further condition on files in folders.
    """
    found: dict[str, Source] = {}
    for word in words:
        for source in _expand(word, extensions, kind, wanted):
            found.setdefault(os.path.realpath(source.path), source)
    return list(found.values())


def _expand(word: str, extensions: Sequence[str], kind: str, wanted: Callable[[Path], bool] | None) -> list[Source]:
    path = Path(word)
    if not word:  # an unset variable of a script, not the folder that Path makes of it
        return [Source(Path('""'), Path('""'), "this name is empty")]  # an empty path is shown as a dot
    if path.is_dir():
        names = find_files(path, extensions)
        chosen = [Source(path / name, Path(name)) for name in names if wanted is None or wanted(path / name)]
        if chosen:
            return chosen
        others = f"; {len(names)} other pictures are there" if names else ""
        return [Source(path, Path(path.name), f"there are no {kind} in this folder{others}")]
    if not os.path.lexists(path) and glob.has_magic(word):
        matches = [Path(match) for match in sorted(glob.glob(word, recursive=True)) if not os.path.isdir(match)]
        if not matches:
            return [Source(path, Path(path.name), "no file matches this pattern")]
        return [Source(match, Path(match.name)) for match in matches]
    return [Source(path, Path(path.name))]


def is_thumbnail(path: Path) -> bool:
    """Whether a file carries our segment, by its first bytes."""
    from hyperthumb.jpeg.marker import find_origin
    from hyperthumb.jpeg.segments import SOS, Segment, segments

    if path.suffix.lower() not in JPEG_EXTENSIONS or not path.is_file():  # opening a pipe would wait for ever
        return False
    headers: list[Segment] = []
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD_BYTES)
        for segment in takewhile(lambda segment: segment.marker != SOS, segments(head)):
            headers.append(segment)
    except (OSError, ThumbnailError):  # what is wrong with it, if anything is, comes out when it is read
        pass
    try:
        return find_origin(headers, 1, 1) is not None
    except ThumbnailError:  # ours, though damaged or of a later version
        return True


def read_source(path: Path) -> bytes:
    """A file's content.

    Raises:
        HyperthumbError: when it cannot be read, is no ordinary file, or is absurdly large.
    """
    try:
        if path.exists() and not path.is_file():
            raise HyperthumbError("this is not an ordinary file")
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size > MAX_FILE_BYTES:
                raise HyperthumbError(f"the file is larger than {MAX_FILE_BYTES:,} bytes")
            return file.read()
    except OSError as error:
        raise HyperthumbError(f"cannot be read ({error.strerror or error})") from error


def note_all(notes: Sequence[str]) -> None:
    """Adds remarks on the file in hand."""
    for sentence in notes:
        note(sentence)
