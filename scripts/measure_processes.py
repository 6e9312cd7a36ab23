"""Measures the communication of several processes in a training step: its bytes and its time.

    torchrun --standalone --nproc_per_node=2 scripts/measure_processes.py options/train/zoo/lite_4x.yml

The times are medians in the first process: of averaging the gradients, of the forward and backward pass on random
pictures (the process's share of a micro-batch), and of both. On a CPU, the CPU time of the process and its threads is
measured, so other programs do not affect it. This excludes the time spent waiting for other processes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence

import torch

from hyperthumb.base.output import emit, entry_point
from hyperthumb.config import load_train_options
from hyperthumb.images.resize import bicubic_downscale
from hyperthumb.models.build import build_network, resolve_device
from hyperthumb.training.batch_size import share_step
from hyperthumb.training.distributed import average_gradients, join_world, leave_world
from hyperthumb.training.objective import Objective


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Prints two lines in the first process; returns 0, or 1 for an error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("options", help="options file of a training")
    parser.add_argument("--launcher", choices=("none", "pytorch", "slurm"), default="pytorch")
    parser.add_argument("--rounds", type=int, default=20, help="number of measurements of each")
    parser.add_argument("--force_yml", nargs="+", default=[], metavar="a:b=c")
    given = parser.parse_args(arguments)
    try:
        measure(given)
    finally:
        leave_world()
    return 0


def measure(given: argparse.Namespace) -> None:
    options = load_train_options(given.options, given.force_yml, must_exist=False)
    device = resolve_device(options.device)
    world = join_world(given.launcher, options.dist_params.backend, device.type)
    network = build_network(options.network_g, options.scale).to(device).train()
    parameters = list(network.parameters())
    objective, share = Objective(options.train.losses), share_step(options, world.size)
    hr = torch.rand(share.at_once, 3, share.side, share.side, device=device)
    reference = bicubic_downscale(hr, options.scale)
    finite = torch.tensor(True, device=device)

    def passes() -> None:
        network.zero_grad()
        objective(network(hr), hr, reference).total.backward()

    def average() -> None:
        average_gradients(parameters, world, finite)

    def step() -> None:
        passes()
        average()

    seconds = [_median(action, given.rounds, device) for action in (average, passes, step)]
    if world.is_main:
        count = sum(p.numel() for p in parameters)
        sent = 0 if world.size == 1 else 4 * (count + world.size)
        emit(f"processes {world.size}, threads {torch.get_num_threads()}, parameters {count:,}, bytes {sent:,}")
        clock = "CPU time" if device.type == "cpu" else "time"
        averaging, both_passes, both = (1e3 * value for value in seconds)
        emit(f"{clock}: averaging {averaging:.2f} ms, passes {both_passes:.1f} ms, both {both:.1f} ms")


def _median(action: Callable[[], None], rounds: int, device: torch.device) -> float:
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    seconds = []
    for _ in range(rounds + 1):
        started = clock()
        action()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(clock() - started)
    return statistics.median(seconds[1:])  # the first call includes initialization


if __name__ == "__main__":
    sys.exit(main())
