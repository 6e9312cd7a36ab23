"""Reads sources and writes results: files, standard input and standard output.

Each of the two standard streams is represented by a path, so that the same code handles streams and files.
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
"""The largest file that is read. Photographs and thumbnails are smaller; a larger file could fill the memory."""

_CHUNK = 2**20


def is_stream(path: Path) -> bool:
    """Whether a path is an open descriptor, which can be read only once: standard input, or a shell's `<(...)`."""
    return path == STANDARD_INPUT or path.parent in _DESCRIPTORS


def shown(path: Path) -> str:
    """A path as shown in messages."""
    return {STANDARD_INPUT: "standard input", STANDARD_OUTPUT: "standard output"}.get(path, str(path))


def read_source(path: Path) -> bytes:
    """Reads a file or a stream.

    Raises:
        HyperthumbError: when it cannot be read, is not an ordinary file, is too large, or is an empty stream.
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
    """Writes a file atomically, or writes to standard output.

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
    """Reads a stream of unknown length to its end."""
    chunks: list[bytes] = []
    while chunk := file.read(_CHUNK):
        chunks.append(chunk)
        if len(chunks) * _CHUNK > MAX_FILE_BYTES:
            raise HyperthumbError(f"it has more than {MAX_FILE_BYTES:,} bytes")
    if not chunks:
        raise HyperthumbError("it is empty; did the previous command fail?")
    return b"".join(chunks)
