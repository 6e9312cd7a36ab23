"""Where the sockets lie by which data workers hand over their batches."""

from __future__ import annotations

import os
import tempfile
from multiprocessing.util import get_temp_dir

from hyperthumb.base.errors import HyperthumbError

_LONGEST_SOCKET = 107  # bytes of its name (Linux, unix(7); a final zero is the 108th)
_BELOW_TMPDIR = len("/pymp-01234567/listener-01234567")
_SHORT = "/tmp"


def keep_socket_names_short() -> None:
    """Makes multiprocessing use /tmp for its sockets if TMPDIR is too long for them. Call before workers start.

    A worker whose socket has too long a name only prints a traceback, and the main process waits for its batch forever.
    Python does the same by itself from 3.14 on.

    Raises:
        HyperthumbError: if /tmp cannot be used either.
    """
    before = tempfile.gettempdir()
    if len(os.fsencode(before)) + _BELOW_TMPDIR <= _LONGEST_SOCKET:
        return
    tempfile.tempdir = _SHORT
    try:
        get_temp_dir()  # makes a folder there, once for this process and those that it forks
    except OSError as error:
        raise HyperthumbError(
            f"TMPDIR is too long for the sockets of data workers, and {_SHORT} cannot be used ({error.strerror}): set "
            f"TMPDIR to a folder with a shorter name than {before}, or num_worker_per_gpu to 0"
        ) from error
    finally:
        tempfile.tempdir = before
