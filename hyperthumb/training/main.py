"""`run_train.py`: reads the command line, trains, and reports the outcome with its exit code."""

from __future__ import annotations

import argparse
import logging
import math
import time
import warnings
from collections.abc import Sequence
from contextlib import closing

from hyperthumb.base.errors import HyperthumbError, OptionsWarning
from hyperthumb.base.output import entry_point


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="run_train.py",
        description="Trains a rescaling network from an options file.",
        epilog="Exit codes: 0 trained to the end, or stopped in time for --max_minutes; 1 an error, with its message; "
        "130 or 143 stopped by Ctrl+C or SIGTERM after saving.",
    )
    parser.add_argument("-opt", required=True, metavar="FILE.yml", help="the options file")
    parser.add_argument("--auto_resume", action="store_true", help="resume from the newest checkpoint, if there is one")
    parser.add_argument(
        "--launcher", choices=("none", "pytorch", "slurm"), default="none", help="who started the processes"
    )
    parser.add_argument(
        "--force_yml", nargs="+", default=[], metavar="a:b=c", help="set an option, such as train:total_iter=1000"
    )
    parser.add_argument(
        "--debug", action="store_true", help="print every iteration, validate and save every 8, no TensorBoard"
    )
    parser.add_argument(
        "--max_minutes", type=float, metavar="M", help="stop with a checkpoint before M minutes have passed"
    )
    arguments = parser.parse_args(argv)
    if arguments.max_minutes is not None and not 0 < arguments.max_minutes < math.inf:
        parser.error("--max_minutes must be a number of minutes above 0")
    return arguments


@entry_point
def main(argv: Sequence[str] | None = None) -> int:
    """Runs `run_train.py` and returns its exit code."""
    started = time.monotonic()
    arguments = parse_arguments(argv)
    try:
        return train(arguments, started)
    except HyperthumbError as error:
        logger = logging.getLogger("hyperthumb")
        if not logger.handlers:
            raise
        logger.error("error: %s", error)  # so that the log file has it too
        return 1


def train(arguments: argparse.Namespace, started: float) -> int:
    """Runs one training and returns the exit code. Raises HyperthumbError for problems that the user has to fix."""
    from hyperthumb.config import load_train_options

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", OptionsWarning)
        options = load_train_options(arguments.opt, arguments.force_yml, debug=arguments.debug)
    ours = [warning for warning in caught if issubclass(warning.category, OptionsWarning)]

    from hyperthumb.models.build import resolve_device

    from .build import build_trainer
    from .context import RunContext
    from .distributed import join_world, leave_world
    from .stalls import StallWatch
    from .stopping import StopRequest

    device, settings = resolve_device(options.device), options.dist_params
    world = join_world(arguments.launcher, settings.backend, device.type, settings.timeout_minutes)
    logger = logging.getLogger("hyperthumb")
    try:
        limit = options.logger.stall_warning_seconds
        with StopRequest(arguments.max_minutes, started) as stop, StallWatch(limit) as stalls:
            trainer = build_trainer(RunContext(options, world, device, stalls), arguments.auto_resume, ours)
            with closing(trainer.board):  # also writes the last points if the run ends with an error
                trainer.run(stop)
            iteration = f"{trainer.state.iteration:,}"
            if not trainer.finished:
                logger.info("stopped at iteration %s: %s; continue with --auto_resume", iteration, stop.reason)
                return stop.exit_code
            logger.info("done: %s iterations; weights: %s", iteration, trainer.checkpoints.models / "net_g_latest.pth")
    finally:
        leave_world()
    return 0
