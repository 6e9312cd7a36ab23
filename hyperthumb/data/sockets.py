"""Chooses the folder of the sockets through which data workers pass their batches."""

from __future__ import annotations

import os
import tempfile
from multiprocessing.util import get_temp_dir

from hyperthumb.base.errors import HyperthumbError

_LONGEST_SOCKET = 107  # bytes of a socket's name (Linux, unix(7); the 108th is a final zero)
_BELOW_TMPDIR = len("/pymp-01234567/listener-01234567")
_SHORT = "/tmp"


def keep_socket_names_short() -> None:
    """Makes multiprocessing use /tmp for its sockets if TMPDIR is too long for them. Call it before workers start.

    If the name of its socket is too long, a worker only prints a traceback, and the main process waits for its batch
    forever. From 3.14 on, Python itself uses /tmp in this case.

    Raises:
        HyperthumbError: when /tmp cannot be used either.
    """
    before = tempfile.gettempdir()
    if len(os.fsencode(before)) + _BELOW_TMPDIR <= _LONGEST_SOCKET:
        return
    tempfile.tempdir = _SHORT
    try:
        get_temp_dir()  # creates a folder once, for this process and its forks
    except OSError as error:
        raise HyperthumbError(
            f"TMPDIR is too long for the sockets of data workers, and {_SHORT} cannot be used ({error.strerror}): set "
            f"TMPDIR to a folder with a shorter name than {before}, or num_worker_per_gpu to 0"
        ) from error
    finally:
        tempfile.tempdir = before
