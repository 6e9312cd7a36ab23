"""Checkpoints of the original HyperThumbnail repository as ours, and ours as theirs.

    python scripts/convert_official_checkpoint.py official.pth ours.pth
    python scripts/convert_official_checkpoint.py --to-official ours.pth official.pth
    python scripts/convert_official_checkpoint.py --check instance.npz

The last compares every intermediate of a reference instance with ours and exits with 1 when one is off.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from hyperthumb.archs.official.architecture import from_official, official_sizes
from hyperthumb.archs.official.check import compare_with_instance
from hyperthumb.archs.official.names import to_official
from hyperthumb.base.errors import CheckpointError
from hyperthumb.base.files import write_atomically
from hyperthumb.base.output import emit, entry_point
from hyperthumb.models.weights import read_safely, unwrap

KEYS = ("params", "params_ema")


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 0 when all is well, 1 for a difference or a user's mistake."""
    options = parse(arguments)
    if options.check:
        return check(options.check)
    convert(options.source, options.target, options.to_official, options.compressai)
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, nargs="?", help="the .pth to read")
    parser.add_argument("target", type=Path, nargs="?", help="the .pth to write")
    parser.add_argument("--to-official", action="store_true", help="from ours to the original's names")
    parser.add_argument(
        "--compressai", choices=("1.2.4", "1.2.8"), default="1.2.8", help="with --to-official: whose bottleneck names"
    )
    parser.add_argument("--check", type=Path, metavar="FILE.npz", help="compare with a reference instance instead")
    options = parser.parse_args(arguments)
    if bool(options.check) == bool(options.source) or bool(options.source) != bool(options.target):
        parser.error("give a checkpoint to read and one to write, or --check with an instance")
    return options


def convert(source: Path, target: Path, backwards: bool, compressai: str) -> None:
    """Writes `target` whole or not at all."""
    content = read_safely(source)
    states: dict[str, dict[str, Tensor]] = {key: content[key] for key in KEYS if key in content} or {"params": content}
    if not all(isinstance(value, Tensor) for state in states.values() for value in state.values()):
        raise CheckpointError(f"{source} has neither params nor params_ema, nor is it a state dict")
    converted = {}
    for key, wrapped in states.items():
        state = unwrap(wrapped)
        converted[key] = to_official(state, compressai) if backwards else from_official(state)[1]
    write_atomically(target, lambda file: torch.save(converted, file))
    sizes = "" if backwards else f": {official_sizes(state)}"
    print(f"{target} ({', '.join(converted)}){sizes}")


def check(path: Path) -> int:
    """Prints the largest difference of every intermediate; 1 when one is off."""
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


if __name__ == "__main__":
    sys.exit(main())
