"""How large the networks of options files are, and how much they compute, by the benchmark's counter.

    python scripts/measure_complexity.py options/train/hyperthumbnail_4x.yml options/train/hyperthumbnail_4x_full.yml

kMAC are thousands of multiply-adds of convolutions and matrix products for each pixel of the photograph. GMAC are
billions of them for decoding a photograph of --size. The data that the files name need not exist.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hyperthumb.base.output import emit, entry_point
from hyperthumb.base.wording import markdown_table
from hyperthumb.baselines.complexity import measure_complexity
from hyperthumb.config import load_network_options
from hyperthumb.models.build import build_network

_TITLES = ("network", "parameters", "encoding, kMAC", "decoding, kMAC", "decoding, GMAC")


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a line for each file; 1 for a user's mistake."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.yml", help="options of trainings or tests")
    parser.add_argument(
        "--size", nargs=2, type=int, default=(3840, 2160), metavar=("WIDTH", "HEIGHT"), help="default: 3840 2160"
    )
    given = parser.parse_args(arguments)
    pixels = given.size[0] * given.size[1]
    cells = [describe(path, pixels) for path in given.files]
    emit(markdown_table(_TITLES, cells, [False, True, True, True, True]))
    return 0


def describe(path: Path, pixels: int) -> list[str]:
    """The line of one options file.

    Raises:
        HyperthumbError: when the file has no network, or the network cannot be built.
    """
    options = load_network_options(path)
    counted = measure_complexity(build_network(options.network_g, options.scale).eval())
    gmac = counted.kmacs_decode * pixels / 1e6
    numbers = f"{counted.parameters:,} {counted.kmacs_encode:.1f} {counted.kmacs_decode:.1f} {gmac:.1f}"
    return [str(path), *numbers.split()]


if __name__ == "__main__":
    sys.exit(main())
