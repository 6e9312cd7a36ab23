"""The options that several commands share, and the types of their values."""

from __future__ import annotations

import argparse
import math
import re

from hyperthumb.base.limits import BACKENDS, DEVICES, ENGINES

MIN_TILE = 64


def new_parser(command: str, description: str, epilog: str = "") -> argparse.ArgumentParser:
    """The parser of one command. It refuses abbreviated options, so that options added later do not break scripts."""
    return argparse.ArgumentParser(
        prog=f"hyperthumb {command}",
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


SOURCES = "files, folders (including subfolders), patterns, or - for standard input"
"""The help of the positional argument."""


def add_output(parser: argparse.ArgumentParser, default: str) -> None:
    """Adds -o, --overwrite and --skip-existing."""
    parser.add_argument(
        "-o", "--output", metavar="FILE|FOLDER", help=f"where to write; - is standard output (default: {default})"
    )
    existing = parser.add_mutually_exclusive_group()
    existing.add_argument("--overwrite", action="store_true", help="replace existing files (otherwise they are errors)")
    existing.add_argument("--skip-existing", action="store_true", help="skip files whose result exists")


def add_model(parser: argparse.ArgumentParser) -> None:
    """Adds --model, --plugin, --device, --engine, --backend, --tile and --jobs."""
    parser.add_argument(
        "--model",
        metavar="NAME|PATH",
        help="a shipped model (`hyperthumb models` lists them), a model file, or a training's folder",
    )
    add_plugin(parser)
    parser.add_argument(
        "--device", choices=DEVICES, default="auto", help="where the networks run (default %(default)s)"
    )
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        default="auto",
        help="what runs the model; auto: torch on a GPU, else onnxruntime where the model has exported graphs (default "
        "%(default)s)",
    )
    parser.add_argument(
        "--backend", choices=BACKENDS, default="jpeglib", help="the library that codes the files (default %(default)s)"
    )
    parser.add_argument(
        "--tile", type=tile_rows, metavar="N", help="rows of the photograph processed at a time (default: automatic)"
    )
    parser.add_argument(
        "--jobs", type=positive_int, default=1, metavar="N", help="files processed at a time (default %(default)s)"
    )
    parser.set_defaults(encoder_precision="fp32")  # only `compress` has an option for it


def add_plugin(parser: argparse.ArgumentParser) -> None:
    """Adds --plugin."""
    parser.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="MODULE",
        help="your Python module that registers the model's network; the current folder is searched (repeatable)",
    )


def add_reporting(parser: argparse.ArgumentParser) -> None:
    """Adds --json and --quiet."""
    parser.add_argument("--json", action="store_true", help="print one JSON object per file, each on a line")
    parser.add_argument("-q", "--quiet", action="store_true", help="print only warnings and errors")


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
    """A whole number of at least MIN_TILE; smaller tiles are inefficient."""
    value = positive_int(text)
    if value < MIN_TILE:
        raise argparse.ArgumentTypeError(f"a tile must have at least {MIN_TILE} rows, not {value}")
    return value


def picture_size(text: str) -> tuple[int, int]:
    """`WIDTHxHEIGHT` as (height, width)."""
    match = re.fullmatch(r"([1-9]\d{0,6})[xX×]([1-9]\d{0,6})", text)  # noqa: RUF001
    if match is None:
        raise argparse.ArgumentTypeError(f'"{text}" is not a size such as 1920x1080')
    return int(match[2]), int(match[1])


def region(text: str) -> tuple[int, int, int, int]:
    """`LEFT,TOP,WIDTHxHEIGHT` as (left, top, width, height); the photograph decides whether it is inside."""
    match = re.fullmatch(r"(-?\d{1,7}),(-?\d{1,7}),(\d{1,7})[xX×](\d{1,7})", text)  # noqa: RUF001
    if match is None:
        raise argparse.ArgumentTypeError(f'"{text}" is not a region such as 100,50,1024x768 (left, top, size)')
    left, top, width, height = map(int, match.groups())
    return left, top, width, height


def color(text: str) -> tuple[int, int, int]:
    """A color's name or `#rrggbb` as RGB in 0..255."""
    from PIL import ImageColor

    try:
        red, green, blue = ImageColor.getrgb(text)[:3]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f'"{text}" is not a color; try white, black or #rrggbb') from error
    return red, green, blue
