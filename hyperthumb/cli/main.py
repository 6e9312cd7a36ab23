"""The entry point: runs the command, and turns errors into messages and exit codes."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import FrameType
from typing import NamedTuple, NoReturn

import hyperthumb
from hyperthumb.base.errors import HyperthumbError, OutputError
from hyperthumb.base.extras import missing_package
from hyperthumb.base.output import entry_point

NOTHING_TRIED, TERMINATED = 2, 143


class Command(NamedTuple):
    """A command: its line in the overview, and the module with its `build_parser` and `run`."""

    summary: str
    module: str


COMMANDS = {
    "compress": Command("make small, ordinary .jpg thumbnails of photographs", "hyperthumb.cli.compress"),
    "restore": Command("restore photographs from such thumbnails", "hyperthumb.cli.restore"),
    "gallery": Command("write a static site of thumbnails, or serve it", "hyperthumb.cli.gallery"),
    "inspect": Command("describe thumbnail files", "hyperthumb.cli.inspect"),
    "models": Command("list the shipped models", "hyperthumb.cli.models"),
    "export": Command("write a model as ONNX files that run without PyTorch", "hyperthumb.cli.export"),
    "options": Command("explain the settings of options files", "hyperthumb.cli.options"),
    "benchmark": Command("measure and compare methods", "hyperthumb.cli.benchmark"),
    "report": Command("write a benchmark's tables and plots again", "hyperthumb.cli.report"),
}


@entry_point
def main(argv: Sequence[str] | None = None) -> int:
    """Runs the tool; `argv` are the arguments without the program's name (None: those of the process).

    Returns:
        The exit code: 0 success, 1 some files failed, 2 nothing was started (wrong arguments, no usable model).
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _dispatch(arguments)
    except OutputError:
        raise
    except HyperthumbError as error:
        print(f"error: {error}", file=sys.stderr)
        return NOTHING_TRIED
    except ModuleNotFoundError as error:
        package = missing_package(error)
        if package is None:
            raise
        print(
            f"error: `hyperthumb {arguments[0]}` needs {package}, which is not installed; install it with "
            "`pip install hyperthumb[train]`",
            file=sys.stderr,
        )
        return NOTHING_TRIED
    except Terminated:
        return TERMINATED


def _dispatch(arguments: list[str]) -> int:
    overview = _build_overview()
    if not arguments:
        overview.print_help(sys.stderr)
        return NOTHING_TRIED
    if arguments[0] not in COMMANDS:
        overview.parse_args(arguments[:1])  # handles --help, --version or an error, and exits
    command = import_module(COMMANDS[arguments[0]].module)
    parser: argparse.ArgumentParser = command.build_parser()
    run: Callable[[argparse.Namespace], int] = command.run
    # argparse's subparsers cannot parse `compress a.png -o thumbs b.png`.
    parsed = parser.parse_intermixed_args(_names_after_dashes(arguments[1:]))
    with _terminated_cleanly():
        return run(parsed)


def _names_after_dashes(arguments: list[str]) -> list[str]:
    """Protects names after `--` that begin with a dash, because intermixed parsing ignores `--`."""
    if "--" not in arguments:
        return arguments
    place = arguments.index("--")
    names = [os.path.join(os.curdir, name) if name.startswith("-") else name for name in arguments[place + 1 :]]
    return arguments[:place] + names


def _build_overview() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS))
    parser = argparse.ArgumentParser(
        prog="hyperthumb",
        description="Makes small, ordinary JPEG thumbnails of photographs, and restores the photographs from them.",
        epilog="commands:\n"
        + "".join(f"  {name:{width}}  {command.summary}\n" for name, command in COMMANDS.items())
        + "\n`hyperthumb COMMAND --help` lists a command's options."
        "\nExit codes: 0 success, 1 some files failed, 2 nothing was started.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"hyperthumb {hyperthumb.__version__}")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of the commands below")
    return parser


class Terminated(BaseException):
    """SIGTERM as an exception, so that temporary files are removed before the process ends."""


@contextmanager
def _terminated_cleanly() -> Iterator[None]:
    """Context in which SIGTERM raises `Terminated`. Outside the main thread it does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _raise_terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _raise_terminated(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated
