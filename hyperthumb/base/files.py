"""Files that are whole or absent: written beside their place, then moved there; and JSON that reads well in them."""

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
        path: where to; its folder is made if it is not there.
        content: the bytes, or a function that writes them to an open file.
        durable: make it survive a crash of the machine too (fsync of the file and of its folder).

    Raises:
        HyperthumbError: when it cannot be written; names the path, and the free space where there is too little. No
            scraps are left.
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
    """Around code that writes `path`: what the system says against it becomes a sentence.

    Raises:
        HyperthumbError: names the path, and the free space where there is too little, or what is in a folder's place.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:  # torch.save says RuntimeError when the disk is full
        raise HyperthumbError(f"cannot write {path}: {_reason(error, path)}") from error


def scrap_beside(path: Path) -> Path:
    """A name for what is to become `path`; not `path`'s name and more, because names end at 255 bytes."""
    return path.with_name(f".{secrets.token_hex(8)}.tmp")


def remove_scraps(folder: Path) -> None:
    """Removes what a process that was killed while it wrote into a folder left there."""
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
    above = (folder for folder in path.parents if os.path.lexists(folder) and not os.path.isdir(folder))
    blocking = next(above, None) if cause.errno in _NO_FOLDER else None
    return f"{blocking} is not a folder" if blocking else str(cause.strerror)


def _system_error(error: BaseException | None) -> OSError | None:
    """What the system said, or None; torch.save wraps it in an error of its own."""
    while error is not None and not (isinstance(error, OSError) and error.strerror):
        error = error.__cause__ or error.__context__
    return error


def _free_space(path: Path) -> str:
    for folder in path.absolute().parents:  # the nearest one that is there
        with contextlib.suppress(OSError):
            return f" ({shutil.disk_usage(folder).free / 2**20:.1f} MiB free there)"
    return ""


def pretty_json(value: Any, indent: str = "") -> str:
    """JSON for people and for diffs: a key a line, but lists of numbers and of words on one.

    Args:
        value: of what JSON has; numbers are finite.
        indent: before every line but the first.
    """
    inner = indent + "  "
    if isinstance(value, dict) and value:
        entries = [f"{inner}{json.dumps(key)}: {pretty_json(entry, inner)}" for key, entry in value.items()]
        return "{\n" + ",\n".join(entries) + f"\n{indent}}}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(inner + pretty_json(entry, inner) for entry in value) + f"\n{indent}]"
    return json.dumps(value, allow_nan=False, ensure_ascii=False)
