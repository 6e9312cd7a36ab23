"""How long restoring takes and how much memory, in rows and on the whole, and how far the results are apart.

    python scripts/measure_restore.py
    python scripts/measure_restore.py --sizes 3840x2160 --model experiments/mine/models/net_g_latest.pth

Every case runs in a process of its own, so that its peak memory is its own; the cases take turns, so that a busy
machine hurts all of them. Without --model it is the paper's light decoder (scale 4) with the weights that training
starts from.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from hyperthumb.archs import HyperThumbnail
from hyperthumb.base.component import Component
from hyperthumb.base.output import emit, entry_point
from hyperthumb.models.contract import RescalingNetwork

METHODS = {"whole": "on the whole, layer by layer", "fp32": "in rows", "bf16": "in rows, bf16"}


class Measurement(NamedTuple):
    """One process: its calls' seconds after the first, preparing the decoder, and peak memory in bytes.

    Attributes:
        seconds: of each call.
        prepare_seconds: composing and casting, once for many pictures.
        idle_bytes: peak resident memory before the first call, with Python and PyTorch loaded.
        peak_bytes: the same at the end.
    """

    seconds: list[float]
    prepare_seconds: float
    idle_bytes: int
    peak_bytes: int


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a table as Markdown."""
    options = parse(arguments)
    torch.set_num_threads(options.threads)
    if options.child:
        emit(json.dumps(measure(options, *options.sizes[0])._asdict()))
        return 0
    emit(f"{options.threads} threads, {options.repeats} calls after a first, {options.rounds} rounds\n")
    emit(
        "| picture | restored | seconds (median) | best | of the whole's | peak memory | beyond PyTorch | prepared in |"
    )
    emit("|---|---|---|---|---|---|---|---|")
    for size in options.sizes:
        print_rows(options, *size)
    print_differences(options)
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", type=_size, default=[(3840, 2160), (6000, 4000)], metavar="WxH")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--decoder", default="FrequencyAwareDecoder", help="a decoder's name, with its defaults")
    parser.add_argument("--model", type=Path, help="a trained model instead")
    parser.add_argument("--tile", type=int, help="HR rows at a time")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=3, help="timed calls of a process, after one that is not timed")
    parser.add_argument("--rounds", type=int, default=3, help="processes of each method")
    parser.add_argument("--child", choices=METHODS, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def print_rows(options: argparse.Namespace, width: int, height: int) -> None:
    """All methods at one size."""
    results: dict[str, list[Measurement]] = {method: [] for method in options.methods}
    for _ in range(options.rounds):
        for method, measurements in results.items():
            measurements.append(in_child(options, method, width, height))
    reference = median(results["whole"]) if "whole" in results else None
    for method, measurements in results.items():
        seconds = median(measurements)
        best = min(min(measurement.seconds) for measurement in measurements)
        peak = max(measurement.peak_bytes for measurement in measurements)
        grown = max(measurement.peak_bytes - measurement.idle_bytes for measurement in measurements)
        prepared = statistics.median(measurement.prepare_seconds for measurement in measurements)
        emit(
            f"| {width}x{height} | {METHODS[method]} | {seconds:.2f} | {best:.2f} "
            f"| {f'{seconds / reference:.2f}' if reference else ''} | {peak / 1e9:.2f} GB | {grown / 1e9:.2f} GB "
            f"| {f'{prepared:.2f} s' if method != 'whole' else ''} |"
        )


def median(measurements: Sequence[Measurement]) -> float:
    return statistics.median(seconds for measurement in measurements for seconds in measurement.seconds)


def in_child(options: argparse.Namespace, method: str, width: int, height: int) -> Measurement:
    command = [sys.executable, __file__, "--child", method, "--sizes", f"{width}x{height}"]
    for name in ("decoder", "model", "tile", "threads", "repeats"):
        value = getattr(options, name)
        command += [f"--{name}", str(value)] if value is not None else []
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return Measurement(**json.loads(result.stdout.splitlines()[-1]))


def measure(options: argparse.Namespace, width: int, height: int) -> Measurement:
    """Times calls in this process."""
    network = build(options)
    coefficients, tables = content(network.scale, width, height)
    idle = peak_bytes()
    began = time.perf_counter()
    restore = restoring(network, options.child, options.tile)
    prepare_seconds = time.perf_counter() - began
    seconds = []
    for _ in range(options.repeats + 1):
        began = time.perf_counter()
        restore(coefficients, tables, height, width)
        seconds.append(time.perf_counter() - began)
    return Measurement(seconds[1:], prepare_seconds, idle, peak_bytes())


def restoring(
    network: RescalingNetwork, method: str, tile: int | None
) -> Callable[[Tensor, Tensor, int, int], np.ndarray]:
    """A function of coefficients, tables, height and width."""
    if method != "whole":
        restorer = network.restorer("bf16" if method == "bf16" else "fp32")
        return lambda coefficients, tables, height, width: restorer.restore(coefficients, tables, height, width, tile)

    @torch.inference_mode()
    def whole(coefficients: Tensor, tables: Tensor, height: int, width: int) -> np.ndarray:
        restored = network.restore(coefficients, tables)[0, :, :height, :width]
        return restored.mul(255).round().byte().permute(1, 2, 0).contiguous().numpy()

    return whole


def print_differences(options: argparse.Namespace) -> None:
    """How far the first size's pictures are from the whole's."""
    from hyperthumb.archs.rows.inference import RowRestorer

    width, height = options.sizes[0]
    network = build(options)
    coefficients, tables = content(network.scale, width, height)
    with torch.inference_mode():
        expected = network.restore(coefficients, tables)
        levels = expected.mul(255).round()
        emit(f"\nAgainst the whole, {width}x{height}:")
        for method in [each for each in options.methods if each != "whole"]:
            restorer = network.restorer("bf16" if method == "bf16" else "fp32")
            assert isinstance(restorer, RowRestorer)
            restored = torch.cat(list(restorer.run(coefficients, tables, 32 * network.scale)), 2)
            difference = (restored - expected).abs()
            changed = (restored.mul(255).round() - levels).abs()
            noise = 10 * ((restored - expected) ** 2).mean().log10()
            emit(
                f"- {METHODS[method]}: largest {difference.max():.2g}, mean {difference.mean():.2g} of 0..1, PSNR "
                f"{-noise:.1f} dB; of the 8-bit numbers {(changed > 0).double().mean():.2%} differ, by at most "
                f"{int(changed.max())}"
            )


def build(options: argparse.Namespace) -> RescalingNetwork:
    if options.model:
        from hyperthumb.codec.models import open_model

        return open_model(options.model).network.eval()
    torch.manual_seed(0)
    encoder = Component("LiteEncoder", {"num_feat": 8, "num_block": 1})  # not measured here
    network = HyperThumbnail(4, Component("fixed"), encoder, decoder=Component(options.decoder))
    return network.eval()


def content(scale: int, width: int, height: int) -> tuple[Tensor, Tensor]:
    """Coefficients that fall off towards high frequencies, as a photograph's do, and flat tables."""
    generator = torch.Generator().manual_seed(1)
    blocks = [-(-height // (8 * scale)), -(-width // (8 * scale))]
    spectrum = 12 / (1 + torch.arange(8).view(8, 1) + torch.arange(8)) ** 1.5
    coefficients = (torch.randn(1, 3, *blocks, 8, 8, generator=generator) * spectrum).round()
    return coefficients.to(torch.int16), torch.full((1, 2, 8, 8), 9, dtype=torch.int16)


def peak_bytes() -> int:
    """The largest resident memory so far; Linux counts it in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _size(text: str) -> tuple[int, int]:
    try:
        width, height = (int(side) for side in text.split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f'a size is WIDTHxHEIGHT, not "{text}"') from None
    return width, height


if __name__ == "__main__":
    sys.exit(main())
