"""The options that several commands share, and the types of their values."""

from __future__ import annotations

import argparse
import math
import re

from hyperthumb.base.limits import BACKENDS, DEVICES

MIN_TILE = 64


def new_parser(command: str, description: str, epilog: str = "") -> argparse.ArgumentParser:
    """The parser of one command; abbreviated options are refused, so that options added later break no script."""
    return argparse.ArgumentParser(
        prog=f"hyperthumb {command}",
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


SOURCES = "files, folders (searched to the bottom), patterns, or - for standard input"
"""The help of the positional argument."""


def add_output(parser: argparse.ArgumentParser, default: str) -> None:
    """-o and what becomes of files that are there already."""
    parser.add_argument(
        "-o", "--output", metavar="FILE|FOLDER", help=f"where to write, - is standard output (default: {default})"
    )
    existing = parser.add_mutually_exclusive_group()
    existing.add_argument("--overwrite", action="store_true", help="replace files that exist (else an error)")
    existing.add_argument("--skip-existing", action="store_true", help="leave files that exist as they are, quietly")


def add_model(parser: argparse.ArgumentParser) -> None:
    """--model, --plugin, --device, --backend, --tile, --jobs."""
    parser.add_argument(
        "--model",
        metavar="NAME|PATH",
        help="a model that ships (`hyperthumb models` lists them), a model file, or a training's folder",
    )
    parser.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="MODULE",
        help="a Python module of yours, which registers the model's network; it is imported from here (repeatable)",
    )
    parser.add_argument(
        "--device", choices=DEVICES, default="auto", help="where the networks run (default %(default)s)"
    )
    parser.add_argument(
        "--backend", choices=BACKENDS, default="jpeglib", help="the library that codes the files (default %(default)s)"
    )
    parser.add_argument(
        "--tile", type=tile_rows, metavar="N", help="rows of the photograph worked on at a time (default: chosen)"
    )
    parser.add_argument(
        "--jobs", type=positive_int, default=1, metavar="N", help="files worked on at a time (default %(default)s)"
    )


def add_reporting(parser: argparse.ArgumentParser) -> None:
    """--json and --quiet."""
    parser.add_argument("--json", action="store_true", help="one JSON object a line and file, on standard output")
    parser.add_argument("-q", "--quiet", action="store_true", help="say only what went wrong")


def positive_int(text: str) -> int:
    """A whole number above 0."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f'"{text}" is not a whole number above 0')
    return value


def positive_float(text: str) -> float:
    """A finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f'"{text}" is not a number above 0')
    return value


def tile_rows(text: str) -> int:
    """A number of rows that is worth the trouble."""
    value = positive_int(text)
    if value < MIN_TILE:
        raise argparse.ArgumentTypeError(f"a tile has at least {MIN_TILE} rows, not {value}")
    return value


def picture_size(text: str) -> tuple[int, int]:
    """`WIDTHxHEIGHT` as (height, width)."""
    match = re.fullmatch(r"([1-9]\d{0,6})[xX×]([1-9]\d{0,6})", text)  # noqa: RUF001
    if match is None:
        raise argparse.ArgumentTypeError(f'"{text}" is not a size such as 1920x1080')
    return int(match[2]), int(match[1])


def color(text: str) -> tuple[int, int, int]:
    """A color's name or `#rrggbb` as RGB in 0..255."""
    from PIL import ImageColor

    try:
        red, green, blue = ImageColor.getrgb(text)[:3]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f'"{text}" is no color; try white, black or #rrggbb') from error
    return red, green, blue
