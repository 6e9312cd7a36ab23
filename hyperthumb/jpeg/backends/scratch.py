"""Temporary files for libraries that read and write only paths."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hyperthumb.base.errors import ThumbnailError


@contextmanager
def scratch_file(data: bytes = b"") -> Iterator[Path]:
    """A temporary file with this content, which is deleted at the end of the with block.

    Raises:
        ThumbnailError: if the temporary folder is full or cannot be written, and for any OSError in the with block.
    """
    name = None
    try:
        descriptor, name = tempfile.mkstemp(suffix=".jpg")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        yield Path(name)
    except OSError as error:
        folder = f" {tempfile.tempdir}" if tempfile.tempdir else ""  # None if Python found no usable folder
        reason = error.strerror or error
        raise ThumbnailError(
            f"cannot use the temporary folder{folder} ({reason}); set TMPDIR to another one"
        ) from error
    finally:
        if name is not None:
            with contextlib.suppress(OSError):
                os.unlink(name)
