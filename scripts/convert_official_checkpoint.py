"""Converts checkpoints of the original HyperThumbnail repository to ours, and ours to theirs.

    python scripts/convert_official_checkpoint.py official.pth ours.pth
    python scripts/convert_official_checkpoint.py --to-official ours.pth official.pth
    python scripts/convert_official_checkpoint.py --check instance.npz

`--check` compares every intermediate tensor of a reference instance with ours. The exit code is 1 if one differs. An
instance is an .npz file with `param/<official name>` and `io/<tensor>`, written by the original's code.
"""

from __future__ import annotations

import argparse
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from hyperthumb.archs import HyperThumbnail
from hyperthumb.archs.official.names import to_official
from hyperthumb.base.errors import CheckpointError
from hyperthumb.base.files import write_atomically
from hyperthumb.base.output import emit, entry_point
from hyperthumb.jpeg.quantize import per_plane
from hyperthumb.jpeg.simulator import coefficients_to_rgb, rgb_to_coefficients
from hyperthumb.jpeg.zigzag import from_zigzag
from hyperthumb.models.weights import read_safely, unwrap
from official.architecture import from_official, official_sizes

KEYS = ("params", "params_ema")
FLOAT_LIMIT = 1e-4  # in addition to the float32 error of large numbers
ROUNDING_LIMIT = 1e-3  # integers may differ where the value was this close to a rounding boundary


class Difference(NamedTuple):
    """One compared tensor.

    Attributes:
        name: name of the tensor.
        largest: the largest absolute difference; for integers, without those at a rounding boundary.
        limit: the largest difference that is allowed.
        at_boundary: how many integers differ at a rounding boundary.
    """

    name: str
    largest: float
    limit: float
    at_boundary: int = 0

    @property
    def holds(self) -> bool:
        return self.largest <= self.limit


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns 0, or 1 for a difference or an error."""
    options = parse(arguments)
    if options.check:
        return check(options.check)
    convert(options.source, options.target, options.to_official, options.compressai)
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, nargs="?", help="the .pth to read")
    parser.add_argument("target", type=Path, nargs="?", help="the .pth to write")
    parser.add_argument("--to-official", action="store_true", help="convert from our names to the original's")
    parser.add_argument(
        "--compressai",
        choices=("1.2.4", "1.2.8"),
        default="1.2.8",
        help="with --to-official: the CompressAI version of the bottleneck names (default %(default)s)",
    )
    parser.add_argument("--check", type=Path, metavar="FILE.npz", help="compare with a reference instance instead")
    options = parser.parse_args(arguments)
    if bool(options.check) == bool(options.source) or bool(options.source) != bool(options.target):
        parser.error("give either a checkpoint to read and one to write, or --check with an instance")
    return options


def convert(source: Path, target: Path, backwards: bool, compressai: str) -> None:
    """Converts a checkpoint and writes `target` atomically."""
    content = read_safely(source)
    states: dict[str, dict[str, Tensor]] = {key: content[key] for key in KEYS if key in content} or {"params": content}
    if not all(isinstance(value, Tensor) for state in states.values() for value in state.values()):
        raise CheckpointError(f"{source} has neither params nor params_ema, and it is not a state dict")
    converted = {}
    for key, wrapped in states.items():
        state = unwrap(wrapped)
        converted[key] = to_official(state, compressai) if backwards else from_official(state)[1]
    write_atomically(target, lambda file: torch.save(converted, file))
    sizes = "" if backwards else f": {official_sizes(state)}"
    print(f"{target} ({', '.join(converted)}){sizes}")


def check(path: Path) -> int:
    """Prints the largest difference of every intermediate tensor; returns 1 if one is too large."""
    differences = compare_with_instance(path)
    width = max(len(difference.name) for difference in differences)
    emit(f"{'intermediate':{width}}  largest difference    allowed")
    for difference in differences:
        note = f"  ({difference.at_boundary} at a rounding boundary)" if difference.at_boundary else ""
        verdict = "" if difference.holds else "  OFF"
        emit(f"{difference.name:{width}}  {difference.largest:18.2e}  {difference.limit:9.2e}{note}{verdict}")
    off = [difference.name for difference in differences if not difference.holds]
    emit(f"off: {', '.join(off)}" if off else f"all {len(differences)} are equal to the original's")
    return 1 if off else 0


@torch.no_grad()
def compare_with_instance(path: Path) -> list[Difference]:
    """Compares every intermediate of the instance with ours.

    Raises:
        CheckpointError: when the file is not such an instance.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: torch.from_numpy(file[name]) for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path} cannot be read as a reference instance: {error}") from error
    official = {name[6:]: value for name, value in arrays.items() if name.startswith("param/")}
    reference = {name[3:]: value for name, value in arrays.items() if name.startswith("io/")}
    network, _ = from_official(official)
    try:
        return [*compare_steps(network, reference), *compare_whole(network, reference)]
    except KeyError as error:
        raise CheckpointError(f"{path} has no io/{error.args[0]}") from error


def compare_steps(network: HyperThumbnail, reference: dict[str, Tensor]) -> Iterator[Difference]:
    """Runs each step on the instance's preceding tensor, so that a difference shows where it arises."""
    hr = reference["x"]
    encoded = hr if network.encoder is None else network.encoder(hr)
    yield of_floats("encoder_out", encoded, reference["encoder_out"])
    coefficients = rgb_to_coefficients(reference["encoder_out"].clamp(0, 1))
    known = blocks(torch.cat([reference["dct_y"], reference["dct_cbcr"]], dim=1))
    yield of_floats("dct_y", coefficients[:, :1], known[:, :1])
    yield of_floats("dct_cbcr", coefficients[:, 1:], known[:, 1:])

    # The original lets a step grow beyond what a baseline file can hold; ours ends at 255.
    steps = network.quantization(known)
    yield of_integers("tables", steps.clamp(1, 255), reference["tables"].clamp(1, 255))
    tables = per_plane(reference["tables"])
    values = known / tables
    quantized = quantized_planes(reference)
    yield of_integers("quantised_y", values[:, :1], quantized[:, :1])
    yield of_integers("quantised_cbcr", values[:, 1:], quantized[:, 1:])
    thumbnail = coefficients_to_rgb(quantized * tables, clamp=False)
    yield of_floats("thumbnail_rgb", thumbnail, reference["thumbnail_rgb"])
    yield of_floats("restored", restore(network, quantized * tables), reference["restored"])

    if "forward_restored" in reference:
        around_medians = round_around_medians(network, values)
        restored = restore(network, around_medians * tables)
        yield of_floats("forward_restored", restored, reference["forward_restored"])
        assert network.rate is not None
        bpp = network.rate(around_medians).sum() / (hr.shape[0] * hr.shape[2] * hr.shape[3])
        yield of_floats("forward_bpp_likelihood", bpp, reference["forward_bpp_likelihood"])


def compare_whole(network: HyperThumbnail, reference: dict[str, Tensor]) -> Iterator[Difference]:
    """Runs our network from the image to the end.

    If an integer at a rounding boundary differs, the following tensors differ too and are not compared.
    """
    hr, quantized = reference["x"], quantized_planes(reference)
    ours = network.transform(hr)
    tables = of_integers(
        "end to end: tables", network.quantization(ours).clamp(1, 255), reference["tables"].clamp(1, 255)
    )
    yield tables
    coefficients = of_integers("end to end: quantised", ours / per_plane(reference["tables"]), quantized)
    yield coefficients
    if not tables.at_boundary + coefficients.at_boundary:
        batch = network.compress(hr)
        restored = restore(network, batch.coefficients * per_plane(batch.tables))
        if torch.equal(batch.tables.float(), reference["tables"]):
            yield of_floats("end to end: restored", restored, reference["restored"])


def quantized_planes(reference: dict[str, Tensor]) -> Tensor:
    """The instance's integers of all three planes, as floats."""
    return torch.cat([reference["quantised_y"], reference["quantised_cbcr"]], dim=1).float()


def restore(network: HyperThumbnail, dequantized: Tensor) -> Tensor:
    """The restored image as in the original, where the thumbnail is not clamped at scale 1."""
    if network.decoder is None:
        return coefficients_to_rgb(dequantized.float(), clamp=False)
    return network.decode(dequantized.float()).restored


def round_around_medians(network: HyperThumbnail, values: Tensor) -> Tensor:
    """Rounds the distance from the prior's medians to integers, as the original's evaluation pass does."""
    assert network.rate is not None
    medians = per_plane(from_zigzag(network.rate.medians()).unsqueeze(0))
    return torch.round(values - medians) + medians


def blocks(planes: Tensor) -> Tensor:
    """Splits planes (B, 3, h, w) of coefficients into blocks (B, 3, h/8, w/8, 8, 8)."""
    height, width = planes.shape[-2:]
    return planes.unflatten(-1, (width // 8, 8)).unflatten(-3, (height // 8, 8)).transpose(-3, -2)


def of_floats(name: str, ours: Tensor, theirs: Tensor) -> Difference:
    """The difference of two float tensors.

    Raises:
        CheckpointError: when their shapes differ.
    """
    if ours.shape != theirs.shape:
        raise CheckpointError(f"{name} is {tuple(theirs.shape)} in the instance, {tuple(ours.shape)} in ours")
    limit = FLOAT_LIMIT + 1e-6 * float(theirs.abs().max())
    return Difference(name, largest(ours - theirs), limit)


def of_integers(name: str, before_rounding: Tensor, theirs: Tensor) -> Difference:
    """The difference between our values, once rounded, and their integers."""
    difference = before_rounding.round() - theirs
    excused = (difference != 0) & ((before_rounding - theirs).abs() <= 0.5 + ROUNDING_LIMIT)
    return Difference(name, largest(difference.masked_fill(excused, 0)), 0.0, int(excused.sum()))


def largest(difference: Tensor) -> float:
    """The largest absolute value; infinity if there is a NaN."""
    value = float(difference.abs().max())
    return value if value == value else float("inf")


if __name__ == "__main__":
    sys.exit(main())
