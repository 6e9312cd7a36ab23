"""Finds the files that the command line names: files, folders, and patterns that the shell did not expand."""

from __future__ import annotations

import contextlib
import glob
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from hyperthumb.base.errors import HyperthumbError, ThumbnailError
from hyperthumb.base.quiet import quietly
from hyperthumb.base.search import is_foreign, list_names, search
from hyperthumb.base.wording import counted

from .streams import INPUT_WORDS, STANDARD_INPUT, is_stream

JPEG_EXTENSIONS = (".jpg", ".jpeg", ".jfif")  # the last is what browsers on Windows call them
_JPEG_START = b"\xff\xd8"
_END_BYTES = 2**16  # our marker is near the start of a file; other programs may move it to the end


class Source(NamedTuple):
    """A file to process, or an argument that names no file.

    Attributes:
        relative: its path relative to the named folder; its bare name if the file itself was named.
        problem: why it cannot be processed.
    """

    path: Path
    relative: Path
    problem: str | None = None


class Selection(NamedTuple):
    """The files that a command line names, each once, and remarks about what was left out."""

    sources: list[Source]
    remarks: list[str]


def find_sources(
    words: Sequence[str], extensions: Sequence[str], kind: str, wanted: Callable[[Path], bool] | None = None
) -> Selection:
    """Finds the files that the arguments name.

    A link that was found in a folder or by a pattern is left out if its target, or another link to it, is used. A link
    that was named is a separate file.

    Args:
        words: files (with any extension), folders (searched with their subfolders), patterns.
        extensions: the extensions of files to find in folders.
        kind: the word for the files in messages, such as "photographs".
        wanted: a further condition on files in folders.
    """
    remarks: list[str] = []
    found: dict[str, Source] = {}
    named: set[str] = set()
    for word in words:
        sources, is_named = _expand(word, extensions, kind, wanted, remarks)
        for source in sources:
            entry = os.path.join(os.path.realpath(source.path.parent), source.path.name)  # of a link, not of its target
            found.setdefault(entry, source)
            named |= {entry} if is_named else set()
    taken = {entry for entry in found if os.path.realpath(entry) == entry}
    chosen, links = [], []
    for entry, source in found.items():
        real = os.path.realpath(entry)
        if real != entry and real in taken and entry not in named:
            links.append(source.path.name)
            continue
        taken.add(real)
        chosen.append(source)
    if links:
        remarks.append(f"left out {list_names(links, 'link', 'links')} to files that are used anyway")
    return Selection(chosen, remarks)


def _expand(
    word: str, extensions: Sequence[str], kind: str, wanted: Callable[[Path], bool] | None, remarks: list[str]
) -> tuple[list[Source], bool]:
    """The files of one argument, and whether it names them itself, rather than through a folder or a pattern."""
    if word in INPUT_WORDS:
        return [Source(STANDARD_INPUT, Path(STANDARD_INPUT.name))], True
    path = Path(word)
    if not word:  # probably an unset variable of a script; Path would turn it into the current folder
        nothing = Source(Path('""'), Path('""'), "this name is empty")  # an empty path would be shown as a dot
        return [nothing], True
    if path.is_dir():
        return _search(path, extensions, kind, wanted, remarks), False
    if not os.path.lexists(path) and glob.has_magic(word):
        return _match(word, remarks), False
    return [Source(path, Path(path.name))], True


def _search(
    folder: Path, extensions: Sequence[str], kind: str, wanted: Callable[[Path], bool] | None, remarks: list[str]
) -> list[Source]:
    found = search(folder, extensions)
    left_out = found.describe_left_out()
    if left_out:
        remarks.append(f"{folder}: {left_out}")
    chosen = [
        Source(place, Path(place.name), f"this folder cannot be read ({reason})") for place, reason in found.unreadable
    ]
    chosen += [Source(folder / name, Path(name)) for name in found.files if wanted is None or wanted(folder / name)]
    if chosen:
        return chosen
    others = f", only {counted(len(found.files), 'other picture')}" if found.files else ""
    return [Source(folder, Path(folder.name), f"there are no {kind} in this folder{others}")]


def _match(pattern: str, remarks: list[str]) -> list[Source]:
    named = set(Path(pattern).parts)
    matches = [Path(match) for match in sorted(glob.glob(pattern, recursive=True)) if not os.path.isdir(match)]
    left_out = [match for match in matches if any(is_foreign(part) for part in match.parts if part not in named)]
    if left_out:
        names = list_names([match.name for match in left_out], "file", "files")
        remarks.append(f"{pattern}: left out {names} in folders of other programs")
    chosen = [Source(match, Path(match.name)) for match in matches if match not in left_out]
    return chosen or [Source(Path(pattern), Path(Path(pattern).name), "no file matches this pattern")]


def is_thumbnail(path: Path) -> bool:
    """Whether a file is a thumbnail that hyperthumb wrote, even if it was renamed, changed or damaged later."""
    from hyperthumb.jpeg.marker import MARKER_START

    if not path.is_file():  # opening a pipe would wait forever
        return False
    try:
        with open(path, "rb") as file:
            head = file.read(len(_JPEG_START))
            if head != _JPEG_START:
                return False
            head += file.read(_END_BYTES)
            file.seek(max(0, os.fstat(file.fileno()).st_size - _END_BYTES))
            if MARKER_START not in head and MARKER_START not in file.read():
                return False
            file.seek(0)
            return carries_marker(file.read())
    except OSError:  # the problem is reported when the file is read
        return False


def carries_marker(data: bytes) -> bool:
    """Whether a file's content is a thumbnail that hyperthumb wrote, even if it was changed or damaged later."""
    from hyperthumb.jpeg.any_file import recognize
    from hyperthumb.jpeg.marker import find_origins
    from hyperthumb.jpeg.matching import State
    from hyperthumb.jpeg.segments import Segment, segments
    from hyperthumb.models.zoo import is_shipped

    parts: list[Segment] = []
    with contextlib.suppress(ThumbnailError):  # the segments before the damage are enough
        for part in segments(data):
            parts.append(part)
    try:
        origins = find_origins(parts)
        if not origins or any(origin.is_sealed for origin in origins):
            return bool(origins)
        return recognize(data, is_known=is_shipped).state is not State.UNMARKED
    except ThumbnailError:  # our thumbnail, but damaged or from a later version
        return True


def complain(read: Callable[[Path], object], path: Path) -> str | None:
    """Tries to read a file and returns the error, or None. Streams can be read only once, so they are not tried."""
    if is_stream(path):
        return None
    with quietly():  # warnings are reported when the file is processed
        try:
            read(path)
        except HyperthumbError as error:
            return str(error).removeprefix(f"{path}: ")
    return None
