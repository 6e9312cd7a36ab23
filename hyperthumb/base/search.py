"""Finds files in a folder and its subfolders, except hidden files and files that other programs keep for themselves."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from .wording import join_words

FOREIGN = frozenset({"@eadir", "#recycle", "@recycle", "$recycle.bin", "__macosx", "system volume information",
                     "thumbs.db"})  # fmt: skip
"""Lower-case names of folders and files in which other programs keep previews and deleted files: network drives
(Synology, QNAP), Windows, archives from macOS. Hidden names (`.thumbnails`, `._photo.jpg`) need no list."""

_NAMED = 3


class Found(NamedTuple):
    """The result of a search; paths are relative to the folder, with forward slashes.

    Attributes:
        files: files with one of the extensions, sorted by code point, so that the order is the same on every machine.
        left_out: hidden files and folders, and those in `FOREIGN`.
        links: links to folders that are searched under another name.
        unreadable: folders that cannot be read, each with the reason.
    """

    files: list[str]
    left_out: list[str]
    links: list[str]
    unreadable: list[tuple[Path, str]]

    def describe_left_out(self) -> str | None:
        """Lists what was left out in one line; None if nothing was."""
        parts = []
        if self.left_out:
            one, several = "hidden file or file of another program", "hidden files and files of other programs"
            parts.append(list_names(self.left_out, one, several))
        if self.links:
            parts.append(f"{list_names(self.links, 'link', 'links')} to folders that are searched anyway")
        return f"left out {join_words(parts, 'and')}" if parts else None


def search(folder: Path, extensions: Sequence[str]) -> Found:
    """Finds every file with one of the extensions, in upper or lower case, in a folder and its subfolders.

    Links to folders are followed. Each folder is searched once, under its own name if that is inside the folder.
    """
    found = Found([], [], [], [])
    visited: set[str] = set()
    waiting = deque([folder])  # links come after all folders, so that a folder is found under its own name first
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
    """Whether a file or folder of this name is hidden or belongs to another program."""
    return name.startswith(".") or name.lower() in FOREIGN


def _note(error: OSError, found: Found) -> None:
    found.unreadable.append((Path(error.filename), error.strerror or str(error)))


def list_names(paths: Sequence[str], one: str, several: str) -> str:
    """The number of paths and the first few distinct names: `5 links (a.png, b.png, c.png and 1 more)`."""
    names = sorted({PurePosixPath(path).name for path in paths})
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return f"{len(paths):,} {one if len(paths) == 1 else several} ({join_words([*names[:_NAMED], *more], 'and')})"
