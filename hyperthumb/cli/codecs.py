"""Runs of the tool that need a model."""

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
    """Opens the model that the arguments name and does the jobs with it, as `run_batch` does.

    Args:
        jobs: the files.
        one_file: from model, source, target and arguments to what there is to say.
        verb: such as "compressed", for the sum at the end.
        arguments: those of `arguments.add_model` and `arguments.add_reporting`.

    Returns:
        The exit code.

    Raises:
        UsageError: when a picture is to be written to a terminal, or to standard output beside `--json`.
        HyperthumbError: when there is no such model, it cannot be read, or the device is not there.
    """
    _check_standard_output(jobs, arguments)
    codec = _open_codec(arguments)

    def work(source: Path, target: Path | None) -> Result:
        assert target is not None
        return one_file(codec, source, target, arguments)

    return run_batch(jobs, work, arguments.jobs, verb, arguments)


def _check_standard_output(jobs: Sequence[Job], arguments: argparse.Namespace) -> None:
    if all(job.target != STANDARD_OUTPUT for job in jobs):
        return
    if arguments.json:
        raise UsageError("-o - and --json both write to standard output; name a file with -o")
    if sys.stdout.isatty():
        raise UsageError("standard output is a terminal, which shows no picture; name a file, or redirect it")


def _open_codec(arguments: argparse.Namespace) -> Codec:
    """The model, with the CPU's cores shared out among the files that are worked on at a time."""
    from hyperthumb.models.zoo import find_model

    find_model(arguments.model)  # a complaint comes before torch, which takes a second to import
    import torch

    from hyperthumb.codec.codec import load

    for name in arguments.plugin:
        try:
            import_plugin(name)
        except HyperthumbError as error:
            raise HyperthumbError(f"--plugin {error}") from error
    codec = load(arguments.model, arguments.device, arguments.backend)
    torch.set_num_threads(max(1, torch.get_num_threads() // arguments.jobs))
    return codec
