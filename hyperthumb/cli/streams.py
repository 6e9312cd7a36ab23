"""The content of sources and of results: files, standard input and standard output.

Both standard streams have a path of their own here, so that they go through the same code as files.
"""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

from hyperthumb.base.errors import HyperthumbError

STANDARD_INPUT, STANDARD_OUTPUT = Path("/dev/stdin"), Path("/dev/stdout")
INPUT_WORDS = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
OUTPUT_WORDS = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
_DESCRIPTORS = (Path("/dev/fd"), Path("/proc/self/fd"))

MAX_FILE_BYTES = 2**30
"""No photograph or thumbnail is larger; a file that is would fill the memory before anything can be said of it."""

_CHUNK = 2**20


def is_stream(path: Path) -> bool:
    """Whether a path stands for an open descriptor, which can be read once: standard input, or a shell's `<(...)`."""
    return path == STANDARD_INPUT or path.parent in _DESCRIPTORS


def shown(path: Path) -> str:
    """A path as messages show it."""
    return {STANDARD_INPUT: "standard input", STANDARD_OUTPUT: "standard output"}.get(path, str(path))


def read_source(path: Path) -> bytes:
    """A file's content, or what comes through a stream.

    Raises:
        HyperthumbError: when it cannot be read, is not an ordinary file, is absurdly large, or a stream that is empty.
    """
    try:
        if path.exists() and not path.is_file() and not is_stream(path):
            raise HyperthumbError("this is not an ordinary file")
        with nullcontext(_standard_input()) if path == STANDARD_INPUT else open(path, "rb") as file:
            if is_stream(path):
                return _read(file)
            if os.fstat(file.fileno()).st_size > MAX_FILE_BYTES:
                raise HyperthumbError(f"the file is larger than {MAX_FILE_BYTES:,} bytes")
            return file.read()
    except OSError as error:
        raise HyperthumbError(f"cannot be read ({error.strerror or error})") from error


def write_result(path: Path, data: bytes) -> None:
    """Writes a file, whole or not at all, or standard output.

    Raises:
        HyperthumbError: when it cannot be written.
    """
    from hyperthumb.base.files import write_atomically
    from hyperthumb.base.output import emit_bytes

    if path == STANDARD_OUTPUT:
        emit_bytes(data)
    else:
        write_atomically(path, data)


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise HyperthumbError("it is closed")
    return sys.stdin.buffer


def _read(file: BinaryIO) -> bytes:
    """All of a stream, whose length nobody knows beforehand."""
    chunks: list[bytes] = []
    while chunk := file.read(_CHUNK):
        chunks.append(chunk)
        if len(chunks) * _CHUNK > MAX_FILE_BYTES:
            raise HyperthumbError(f"more than {MAX_FILE_BYTES:,} bytes came through it")
    if not chunks:
        raise HyperthumbError("nothing came through it; did the command before it fail?")
    return b"".join(chunks)
