"""Measures the speed of training steps: iterations per second for variants of an options file, and their ratios.

    python scripts/measure_training.py options/train/zoo/lite_4x.yml --variants \
        fp32: train:precision=fp32 \
        batch_8: train:batch_size=8
    python scripts/measure_training.py options/train/hyperthumbnail_4x.yml --device cuda --force_yml train:batch_size=4

A word that ends in a colon is the name of a variant. Its settings follow, in the form of --force_yml, which changes all
variants. The pictures are random, so the data of the options file need not exist, and loading is not measured. The
variants take turns, so that other load on the machine affects all of them. On a CPU, CPU time is measured, so other
programs do not affect it. Only the operations of convolutions and matrix products are counted. The machine's rate is
measured with a product of two 1024 x 1024 matrices.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch.utils.flop_counter import FlopCounterMode

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.output import emit, entry_point
from hyperthumb.config import TrainOptions, load_train_options
from hyperthumb.images.resize import bicubic_downscale
from hyperthumb.models.build import build_network, resolve_device
from hyperthumb.training.batch_size import share_step
from hyperthumb.training.objective import Objective
from hyperthumb.training.optimizers import Optimizers, partition_parameters
from hyperthumb.training.step import AUTOCAST

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Variant(NamedTuple):
    """A variant, which is one line of the table.

    Attributes:
        name: the variant's name.
        options: its settings.
        step: runs one training step.
        operations: floating-point operations of a step; NaN for a compiled network.
    """

    name: str
    options: TrainOptions
    step: Callable[[], None]
    operations: float


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a table as Markdown; returns 0, or 1 for an error."""
    given = parse(arguments)
    torch.set_num_threads(given.threads)
    device = resolve_device(given.device)
    variants = []
    for name, settings in [("as it stands", []), *split_variants(given.variants)]:
        options = load_train_options(given.options, [*given.force_yml, *settings], must_exist=False)
        variants.append(prepare(name, options, device))
    emit("\n".join(table(variants, measure(variants, device, given.rounds, given.steps), device)))
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("options", help="the options file")
    parser.add_argument("--variants", nargs="+", default=[], metavar="NAME: | KEY=VALUE", help="variants to compare")
    parser.add_argument("--force_yml", nargs="+", default=[], metavar="a:b=c", help="settings for all variants")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each variant (default %(default)s)")
    parser.add_argument("--steps", type=int, default=3, help="steps in a turn (default %(default)s)")
    return parser.parse_args(arguments)


def split_variants(words: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Splits `a: x=1 y=2 b: z=3` into [(a, [x=1, y=2]), (b, [z=3])].

    Raises:
        HyperthumbError: for a setting before the first name.
    """
    variants: list[tuple[str, list[str]]] = []
    for word in words:
        if word.endswith(":"):
            variants.append((word[:-1], []))
        elif not variants:
            raise HyperthumbError(f'"{word}" does not belong to a variant; put a name such as "fp32:" before it')
        else:
            variants[-1][1].append(word)
    return variants


def prepare(name: str, options: TrainOptions, device: torch.device) -> Variant:
    """Builds a variant's network and optimizers, and counts the operations of a step."""
    torch.manual_seed(0)
    network = build_network(options.network_g, options.scale).to(device).train()
    layout = torch.channels_last if options.train.channels_last else torch.contiguous_format
    network.to(memory_format=layout)  # type: ignore[call-overload]
    forward = torch.compile(network) if options.train.compile else network
    objective = Objective(options.train.losses)
    optimizers = Optimizers(partition_parameters(network), options.train)
    share = share_step(options)
    hr = torch.rand(share.at_once, 3, share.side, share.side, device=device).contiguous(memory_format=layout)
    dtype = AUTOCAST[options.train.precision]

    def losses() -> torch.Tensor:
        with torch.no_grad():
            reference = bicubic_downscale(hr, options.scale).clamp(0, 1)
        with torch.autocast(device.type, dtype=dtype, enabled=dtype is not None):
            output = forward(hr)
        return objective(output, hr, reference).total

    def step() -> None:
        optimizers.zero_grad()
        losses().backward()
        for each in optimizers.names():
            optimizers[each].step()

    optimizers.set_learning_rates(1)
    if options.train.compile:
        step()  # compile without the counter, because it would become part of the compiled network
        return Variant(name, options, step, float("nan"))
    with FlopCounterMode(display=False) as counter:
        losses().backward()
    return Variant(name, options, step, float(counter.get_total_flops()))


def measure(variants: Sequence[Variant], device: torch.device, rounds: int, steps: int) -> list[float]:
    """The median seconds of a step of each variant."""
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    seconds: list[list[float]] = [[] for _ in variants]
    for turn in range(rounds + 1):
        for variant, found in zip(variants, seconds, strict=True):
            started = clock()
            for _ in range(steps):
                variant.step()
            if device.type == "cuda":
                torch.cuda.synchronize()
            if turn:  # the first turn is a warm-up
                found.append((clock() - started) / steps)
    return [statistics.median(found) for found in seconds]


def machine_rate(dtype: torch.dtype, device: torch.device) -> float:
    """Operations per second of a product of two large matrices."""
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    a = torch.randn(1024, 1024, device=device).to(dtype)
    times = []
    for _ in range(10):
        started = clock()
        for _ in range(5):
            a @ a
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append((clock() - started) / 5)
    return 2 * 1024**3 / statistics.median(times)


def table(variants: Sequence[Variant], seconds: Sequence[float], device: torch.device) -> list[str]:
    """The table as Markdown: speed, speed per pixel relative to the first variant, and share of the machine's rate."""
    rates = {name: machine_rate(DTYPES[name], device) for name in {v.options.train.precision for v in variants}}
    where = torch.cuda.get_device_name() if device.type == "cuda" else f"CPU, {torch.get_num_threads()} thread(s)"
    lines = [f"{where}; " + ", ".join(f"{name} {rate / 1e9:.0f} GFLOP/s" for name, rate in sorted(rates.items())), ""]
    lines += [
        "| variant | it/s | HR pixels/s, ratio | GFLOP per step | share of the machine's rate |",
        "|---|---:|---:|---:|---:|",
    ]
    first = _pixels(variants[0]) / seconds[0]
    for variant, spent in zip(variants, seconds, strict=True):
        share = variant.operations / spent / rates[variant.options.train.precision]
        counted = variant.operations == variant.operations  # NaN for compiled networks
        lines.append(
            f"| {variant.name} | {1 / spent:.2f} | {_pixels(variant) / spent / first:.2f} | "
            f"{f'{variant.operations / 1e9:.1f}' if counted else '-'} | {f'{share:.0%}' if counted else '-'} |"
        )
    return lines


def _pixels(variant: Variant) -> float:
    share = share_step(variant.options)
    return share.at_once * share.side**2


if __name__ == "__main__":
    sys.exit(main())
