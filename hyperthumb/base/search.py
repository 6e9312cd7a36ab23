"""Files below a folder, without what is hidden and what other programs keep there for themselves."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from .wording import join_words

FOREIGN = frozenset({"@eadir", "#recycle", "@recycle", "$recycle.bin", "__macosx", "system volume information",
                     "thumbs.db"})  # fmt: skip
"""Names, in lower case, under which other programs keep previews and deleted files: network drives (Synology, QNAP),
Windows, archives that macOS packed. Hidden names (`.thumbnails`, `._photo.jpg`) begin with a dot and need no list."""

_NAMED = 3


class Found(NamedTuple):
    """What is below a folder; paths are relative to it, with forward slashes.

    Attributes:
        files: those with one of the extensions, sorted by code point: the same on every machine.
        left_out: hidden files and folders, and those in `FOREIGN`.
        links: to folders that are searched anyway.
        unreadable: folders that the system does not let be read, each with its reason.
    """

    files: list[str]
    left_out: list[str]
    links: list[str]
    unreadable: list[tuple[Path, str]]

    def describe_left_out(self) -> str | None:
        """What was passed over, in one line; None when nothing was."""
        parts = []
        if self.left_out:
            one, several = "hidden file or file of another program", "hidden files and files of other programs"
            parts.append(list_names(self.left_out, one, several))
        if self.links:
            parts.append(f"{list_names(self.links, 'link', 'links')} to folders that are searched anyway")
        return f"left out {join_words(parts, 'and')}" if parts else None


def search(folder: Path, extensions: Sequence[str]) -> Found:
    """Every file below a folder with one of the extensions, in any case.

    Links to folders are followed, each folder is searched once, and by its own name where it has one.
    """
    found = Found([], [], [], [])
    visited: set[str] = set()
    waiting = deque([folder])  # links come after all folders, so that a folder's own name wins
    while waiting:
        for parent, folders, files in os.walk(waiting.popleft(), onerror=lambda error: _note(error, found)):
            below = PurePosixPath(Path(parent).relative_to(folder).as_posix())
            real = os.path.realpath(parent)
            if real in visited:
                folders.clear()
                found.links.append(str(below))
                continue
            visited.add(real)
            inside, folders[:] = sorted(folders), []
            for name in inside:
                if is_foreign(name):
                    found.left_out.append(str(below / name))
                elif os.path.islink(os.path.join(parent, name)):
                    waiting.append(Path(parent) / name)
                else:
                    folders.append(name)
            for name in files:
                wanted = name.lower().endswith(tuple(extensions))
                if is_foreign(name) and (wanted or not name.startswith(".")):
                    found.left_out.append(str(below / name))
                elif wanted:
                    found.files.append(str(below / name))
    for names in (found.files, found.left_out, found.links):
        names.sort()
    return found


def is_foreign(name: str) -> bool:
    """Whether a file or folder of this name is hidden, or kept by another program for itself."""
    return name.startswith(".") or name.lower() in FOREIGN


def _note(error: OSError, found: Found) -> None:
    found.unreadable.append((Path(error.filename), error.strerror or str(error)))


def list_names(paths: Sequence[str], one: str, several: str) -> str:
    """How many there are, and the first few of their names, each once: `5 links (a.png, b.png, c.png and 1 more)`."""
    names = sorted({PurePosixPath(path).name for path in paths})
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return f"{len(paths):,} {one if len(paths) == 1 else several} ({join_words([*names[:_NAMED], *more], 'and')})"
