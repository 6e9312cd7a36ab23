"""A file's path for libraries that take and give nothing else."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch_file(data: bytes = b"") -> Iterator[Path]:
    """The path of a file with that content, gone afterwards."""
    descriptor, name = tempfile.mkstemp(suffix=".jpg")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
