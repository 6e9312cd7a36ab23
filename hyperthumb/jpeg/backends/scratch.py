"""A file's path for libraries that take and give nothing else."""

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
    """The path of a file with that content, gone afterwards.

    Raises:
        ThumbnailError: when the temporary folder is full or cannot be written; an OSError of the caller's is taken for
            that.
    """
    name = None
    try:
        descriptor, name = tempfile.mkstemp(suffix=".jpg")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        yield Path(name)
    except OSError as error:
        folder = f" {tempfile.tempdir}" if tempfile.tempdir else ""  # none yet, where Python has found none to use
        reason = error.strerror or error
        raise ThumbnailError(f"cannot use the temporary folder{folder} ({reason}); TMPDIR names another") from error
    finally:
        if name is not None:
            with contextlib.suppress(OSError):
                os.unlink(name)
