"""Runs commands that need a model."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.plugins import import_plugin

from .batch import Result, run_batch
from .streams import STANDARD_OUTPUT
from .targets import Job, UsageError

if TYPE_CHECKING:
    from hyperthumb.codec.codec import Codec


def run_with_codec(
    jobs: Sequence[Job],
    one_file: Callable[[Codec, Path, Path, argparse.Namespace], Result],
    verb: str,
    arguments: argparse.Namespace,
) -> int:
    """Opens the model that the arguments name and does the jobs with it, see `run_batch`.

    `one_file` processes one file, given model, source, target and arguments.

    Raises:
        UsageError: when a picture would be written to a terminal, or to standard output together with `--json`.
        HyperthumbError: when the model does not exist or cannot be read, or the device is not available.
    """
    if any(job.target == STANDARD_OUTPUT for job in jobs):
        if arguments.json:
            raise UsageError("-o - and --json both write to standard output; give a file with -o")
        if sys.stdout.isatty():
            raise UsageError("standard output is a terminal, which cannot show a picture; give a file, or redirect it")
    codec = _open_codec(arguments)

    def work(source: Path, target: Path | None) -> Result:
        assert target is not None
        return one_file(codec, source, target, arguments)

    return run_batch(jobs, work, arguments.jobs, verb, arguments)


def import_plugins(names: Sequence[str]) -> None:
    """Imports the modules of --plugin."""
    for name in names:
        try:
            import_plugin(name)
        except HyperthumbError as error:
            raise HyperthumbError(f"--plugin {error}") from error


def _open_codec(arguments: argparse.Namespace) -> Codec:
    """Opens the model, and divides the CPU's threads among the files that are processed at a time."""
    from hyperthumb.models.zoo import find_model

    find_model(arguments.model)  # reports a wrong name before anything is imported that takes a second
    from hyperthumb.codec.codec import load

    import_plugins(arguments.plugin)
    codec = load(arguments.model, arguments.device, arguments.backend, arguments.engine, arguments.encoder_precision)
    codec.engine.share_cores(arguments.jobs)
    return codec
