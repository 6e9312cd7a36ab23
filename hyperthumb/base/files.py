"""Writes files atomically, by writing a temporary file and moving it; and formats JSON so that people can read it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from .errors import HyperthumbError

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_NO_FOLDER = {errno.EEXIST, errno.ENOTDIR}


def write_atomically(path: Path, content: bytes | Callable[[BinaryIO], object], durable: bool = False) -> None:
    """Writes a file so that `path` holds its old content or all of the new, never a part.

    Args:
        path: the file; its folder is created if needed.
        content: the bytes, or a function that writes them to an open file.
        durable: make the file survive a crash of the machine (fsync of the file and of its folder).

    Raises:
        HyperthumbError: when it cannot be written. The message names the path, and the free space if the disk is full.
            The temporary file is removed.
    """
    temporary = scrap_beside(path)
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(temporary, "wb") as file:
                if callable(content):
                    content(file)
                else:
                    file.write(content)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            os.replace(temporary, path)
            if durable:
                _sync_folder(path.parent)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Context for code that writes `path`: turns errors of the system into a HyperthumbError.

    Raises:
        HyperthumbError: names the path, and the free space if the disk is full, or the file that is not a folder.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:  # torch.save raises RuntimeError when the disk is full
        raise HyperthumbError(f"cannot write {path}: {_reason(error, path)}") from error


def make_folder(folder: Path) -> None:
    """Makes a folder and the folders above it, if they do not exist.

    Raises:
        HyperthumbError: if that is not possible. The message names the folder.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)


def scrap_beside(path: Path) -> Path:
    """A name for the temporary file of `path`; without `path`'s own name, which may be as long as a name can be."""
    return path.with_name(f".{secrets.token_hex(8)}.tmp")


def remove_scraps(folder: Path) -> None:
    """Removes temporary files that a killed process left in a folder."""
    for scrap in folder.glob(f".{'[0-9a-f]' * 16}.tmp"):
        with writing(scrap):
            scrap.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: BaseException, path: Path) -> str:
    cause = _system_error(error)
    if cause is None:
        return str(error)
    if cause.errno in _NO_ROOM:
        return f"{cause.strerror}{_free_space(path)}"
    places = (path, *path.parents)
    above = (folder for folder in places if os.path.lexists(folder) and not os.path.isdir(folder))
    blocking = next(above, None) if cause.errno in _NO_FOLDER else None
    return f"{blocking} is not a folder" if blocking else str(cause.strerror)


def _system_error(error: BaseException | None) -> OSError | None:
    """The error of the system behind an error, or None; torch.save wraps it in its own error."""
    while error is not None and not (isinstance(error, OSError) and error.strerror):
        error = error.__cause__ or error.__context__
    return error


def _free_space(path: Path) -> str:
    for folder in path.absolute().parents:  # uses the nearest folder that exists
        with contextlib.suppress(OSError):
            return f" ({shutil.disk_usage(folder).free / 2**20:.1f} MiB free there)"
    return ""


def pretty_json(value: Any, indent: str = "") -> str:
    """JSON that is easy to read and to compare: one key per line, but lists of numbers and strings on one line.

    Args:
        value: anything that JSON can represent; numbers are finite.
        indent: written before every line except the first.
    """
    inner = indent + "  "
    if isinstance(value, dict) and value:
        entries = [f"{inner}{json.dumps(key)}: {pretty_json(entry, inner)}" for key, entry in value.items()]
        return "{\n" + ",\n".join(entries) + f"\n{indent}}}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(inner + pretty_json(entry, inner) for entry in value) + f"\n{indent}]"
    return json.dumps(value, allow_nan=False, ensure_ascii=False)
