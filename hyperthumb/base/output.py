"""Standard output and standard error of a program, and how it reacts when they cannot be written.

A program prints two kinds of text. Remarks say, for example, where a file was written, or why a run ended. If a remark
cannot be written (the disk is full, the descriptor is closed, the terminal is gone), it is dropped and the program
continues. Results are the output that the user asked for, such as `--json` or a table. If a result cannot be written,
that is an error. Use `print` for remarks and `emit` for results.
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
"""The exit code after Ctrl+C: 128 plus the signal's number, as in shells."""


class ReaderGone(BaseException):
    """The reader of the results has closed the pipe, as `head` does. The program ends without a message."""


class Main(Protocol):
    """The type of `main`: takes the command line (None: that of the process) and returns the exit code."""

    def __call__(self, arguments: Sequence[str] | None = None, /) -> int: ...


def entry_point(main: Main) -> Main:
    """Decorates the `main` of a program. Remarks cannot fail in it, and errors of users are printed as messages.

    Returns:
        A function that returns main's exit code; 1 for a `HyperthumbError`, which it prints to standard error; 1 when
        the reader of the results closed the pipe; INTERRUPTED after Ctrl+C. `--help` and `--version` print results.
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


def emit(text: str) -> None:
    """Prints a result to standard output and flushes it.

    Raises:
        OutputError: when it cannot be written.
        ReaderGone: when the reader closed the pipe.
    """
    with _writing_results():
        print(text, file=_results(), flush=True)


def emit_bytes(data: bytes) -> None:
    """Writes a binary result to standard output and flushes it; raises the same errors as `emit`."""
    with _writing_results():
        stream = _results()
        stream.flush()
        stream.buffer.write(data)
        stream.buffer.flush()


@contextlib.contextmanager
def warnings_as_lines() -> Iterator[None]:
    """Context in which each warning is printed as a line on standard error."""
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


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"warning: {message}", file=sys.stderr)


def _check_folder() -> None:
    """Raises HyperthumbError when the current folder was removed, because no relative path can be resolved then."""
    try:
        os.getcwd()
    except OSError as error:
        raise HyperthumbError("the current folder was removed or cannot be entered; change to another one") from error


def _check_results() -> None:
    """Raises the same errors as `emit` if text that was printed to standard output was lost."""
    with _writing_results():
        _results().flush()
        if isinstance(sys.stdout, _Remarks) and sys.stdout.loss is not None:
            raise sys.stdout.loss


def _results() -> TextIO:
    """Standard output without the wrapper that suppresses errors."""
    return sys.stdout.stream if isinstance(sys.stdout, _Remarks) else sys.stdout


class _Remarks:
    """A text stream that drops text that cannot be written; otherwise it behaves as `stream`.

    It tries again at each write, because a full disk may have space again at the end of a long run.

    Attributes:
        stream: the wrapped stream.
        loss: the last error that dropped text; None if nothing was dropped.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.loss: OSError | None = None
        if hasattr(stream, "reconfigure"):
            with contextlib.suppress(OSError):  # it flushes
                stream.reconfigure(errors="backslashreplace")  # file names may not be valid text

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
    """Opens those of the descriptors 0 to 2 that are closed, so that a file opened later does not get their number.

    They refer to /dev/null, opened for reading only. Writing to them still fails.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDONLY), True)  # gets the lowest free number: this one
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            setattr(sys, name, open(descriptor, "w", closefd=False))  # noqa: SIM115


def _flush_for_good(stream: TextIO) -> None:
    """Flushes a stream, or redirects it to /dev/null when that fails.

    The interpreter flushes again at exit, and changes the exit code to 120 if that fails.
    """
    try:
        stream.flush()
    except OSError:
        with contextlib.suppress(OSError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)
