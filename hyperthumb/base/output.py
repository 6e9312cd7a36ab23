"""Standard output and standard error of a program, and what happens when they take no more.

A program prints two kinds of text. Most of it is remarks: where a file went, a warning, why a run ended. Where they
cannot be written (a full disk, a closed descriptor, a terminal that is gone) they are lost and the work goes on. The
other kind is results: what the user asked for, such as `--json` or a table. A result that cannot be written is an
error. Use `print` for remarks, and `emit` for results.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TextIO

from .errors import HyperthumbError, OutputError

INTERRUPTED = 130
"""The exit code after Ctrl+C: 128 and the signal's number, as shells have it."""


class ReaderGone(BaseException):
    """The reader of the results has gone, as `head` does when it has enough; the program ends without a message."""


class Main(Protocol):
    """Takes the command line (None: the process's own), and returns the exit code."""

    def __call__(self, arguments: Sequence[str] | None = None, /) -> int: ...


def entry_point(main: Main) -> Main:
    """Decorates the `main` of a program: inside it remarks cannot fail, and mistakes of users become sentences.

    Returns:
        A function that returns main's exit code; 1 for a `HyperthumbError`, which it prints on standard error; 1 when
        the reader of the results has gone; INTERRUPTED after Ctrl+C. The text of `--help` and `--version` is a result.
    """

    @functools.wraps(main)
    def run(arguments: Sequence[str] | None = None) -> int:
        _open_what_is_closed()
        before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = map(_Remarks, before)
        try:
            _check_folder()
            try:
                return main(arguments)
            except SystemExit as leaving:
                if not leaving.code:  # argparse, which passes over errors, has printed a help or a version
                    _check_results()
                raise
        except HyperthumbError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            return INTERRUPTED
        except ReaderGone:
            return 1
        finally:
            sys.stdout, sys.stderr = before
            for stream in before:
                _flush_for_good(stream)

    return run


def emit(text: str, end: str = "\n") -> None:
    """Prints a result on standard output, at once.

    Raises:
        OutputError: when it cannot be written.
        ReaderGone: when its reader has gone.
    """
    with _writing_results():
        print(text, end=end, file=_results(), flush=True)


def emit_bytes(data: bytes) -> None:
    """Writes a result that is not text to standard output, at once; raises as `emit` does."""
    with _writing_results():
        stream = _results()
        stream.flush()
        stream.buffer.write(data)
        stream.buffer.flush()


@contextlib.contextmanager
def warnings_as_lines() -> Iterator[None]:
    """Around code whose warnings are for users: each becomes a line on standard error."""
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        yield


@contextlib.contextmanager
def _writing_results() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderGone from error
    except OSError as error:
        raise OutputError(f"cannot write to standard output: {error.strerror or error}") from error


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: object = None,
    line: object = None,
) -> None:
    print(f"warning: {message}", file=sys.stderr)


def _check_folder() -> None:
    """Raises HyperthumbError when the current folder was removed: no name of a file can be looked up from there."""
    try:
        os.getcwd()
    except OSError as error:
        raise HyperthumbError("the current folder was removed or cannot be entered; change to another one") from error


def _check_results() -> None:
    """Raises what `emit` raises, where something that was printed on standard output is lost."""
    with _writing_results():
        _results().flush()
        if isinstance(sys.stdout, _Remarks) and sys.stdout.loss is not None:
            raise sys.stdout.loss


def _results() -> TextIO:
    """Standard output, with its errors."""
    return sys.stdout.stream if isinstance(sys.stdout, _Remarks) else sys.stdout


class _Remarks:
    """A text stream that drops what it cannot write; all else is `stream`'s.

    It keeps trying: a disk that is full now may have room for the end of a long run.

    Attributes:
        stream: where to.
        loss: why something was dropped; None as long as nothing was.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.loss: OSError | None = None
        if hasattr(stream, "reconfigure"):
            with contextlib.suppress(OSError):  # it flushes
                stream.reconfigure(errors="backslashreplace")  # names of files hold anything

    def write(self, text: str) -> int:
        try:
            self.stream.write(text)
        except OSError as error:
            self.loss = error
        return len(text)

    def flush(self) -> None:
        try:
            self.stream.flush()
        except OSError as error:
            self.loss = error

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def _open_what_is_closed() -> None:
    """Takes the descriptors 0 to 2 that are closed: a checkpoint that is opened later must not get one of them.

    They lead to /dev/null for reading only: writing to them fails, as it does to a closed one.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDONLY), True)  # opens the lowest free number, which is this
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            setattr(sys, name, open(descriptor, "w", closefd=False))  # noqa: SIM115


def _flush_for_good(stream: TextIO) -> None:
    """Flushes a stream, or redirects it to /dev/null when that fails.

    The interpreter flushes once more when it ends, and makes the exit code 120 if it cannot.
    """
    try:
        stream.flush()
    except OSError:
        with contextlib.suppress(OSError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)
