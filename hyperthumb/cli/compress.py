"""hyperthumb compress: makes thumbnail files of photographs."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.limits import (
    GRAPH_PRECISIONS,
    MAX_COMPRESSED_PIXELS,
    PROFILES,
    REFINED,
    RESTORED_TAG,
    THUMBNAIL_TAG,
    Refine,
    Refinement,
    unknown_profile,
)
from hyperthumb.base.wording import in_bytes

from .arguments import SOURCES, add_model, add_output, add_reporting, color, new_parser, positive_float, positive_int
from .batch import Result
from .codecs import run_with_codec
from .messages import note, say_remarks
from .sources import carries_marker, complain, find_sources, is_thumbnail
from .streams import is_stream, read_source, write_result
from .targets import Naming, UsageError, plan

if TYPE_CHECKING:
    from hyperthumb.codec.codec import Codec
    from hyperthumb.images.pictures import Picture

NAMING = Naming(THUMBNAIL_TAG, ".jpg", (".jpg", ".jpeg"), "thumbnails")
THUMBNAIL_ALREADY = "this is already a thumbnail of hyperthumb; `hyperthumb restore` restores the photograph"
_NOT_READ = (  # Pillow would read only the small preview inside some of these
    ".arw", ".avif", ".cr2", ".cr3", ".dng", ".gif", ".heic", ".heif", ".jxl", ".nef", ".orf", ".pef", ".raf", ".rw2",
    ".srw",
)  # fmt: skip

_EXAMPLES = """\
examples:
  hyperthumb compress photo.png                         photo.thumb.jpg, at the model's own rate
  hyperthumb compress photo.png -o small.jpg --max-bytes 20000
  hyperthumb compress holiday/ -o thumbs/ --bpp 0.3     all photographs in holiday/ and its subfolders
  hyperthumb compress - -o - < photo.png > small.jpg    through standard input and output

In folders, thumbnails and restored photographs (*.restored.*) are skipped. Name a restored photograph to compress it.
PNG, JPEG, WebP, TIFF and BMP files are read. The EXIF orientation is applied to the pixels. The color profile and EXIF
data that --icc and --exif keep count toward the thumbnail's size, and `restore` copies them to the photograph.
"""


def build_parser() -> argparse.ArgumentParser:
    parser = new_parser(
        "compress", "Makes small, ordinary .jpg thumbnails from which the photographs can be restored.", _EXAMPLES
    )
    parser.add_argument("photos", nargs="+", metavar="PHOTO", help=SOURCES)
    add_output(parser, "photo.thumb.jpg in the folder of photo.png")
    _add_rate(parser)
    parser.add_argument(
        "--refine",
        type=_steps,
        default=0,
        metavar="[WHAT:]N",
        help="optimize the thumbnail for its decoder with N steps, which also makes it smaller; 25 steps take seconds "
        'per photograph, "best" takes minutes. WHAT is what the steps change: coefficients (default) or encoder, a '
        "copy of the model's encoder for this photograph",
    )
    parser.add_argument(
        "--profile",
        type=_profile,
        choices=PROFILES,
        default="small",
        help="small: progressive, fewest bytes; optimized: baseline, which is decoded faster, with Huffman tables made "
        "for the file; default: baseline with the standard's Huffman tables (default %(default)s)",
    )
    parser.add_argument(
        "--background",
        type=color,
        metavar="COLOR",
        help="the color for transparent places (without it, transparent pictures are refused)",
    )
    parser.add_argument(
        "--icc",
        choices=("keep", "srgb", "drop"),
        default="keep",
        help="keep the color profile, convert the pixels to sRGB, or drop the profile (default %(default)s). A profile "
        "that describes sRGB is always dropped",
    )
    parser.add_argument(
        "--exif",
        choices=("none", "basic", "all"),
        default="none",
        help="basic: date, camera and lens, but no place, serial number or name; all: everything except orientation "
        "and preview (default %(default)s)",
    )
    parser.add_argument(
        "--precision",
        dest="encoder_precision",
        choices=GRAPH_PRECISIONS,
        default="fp32",
        help="fp16 and int8 need an encoder from `hyperthumb export --precision`; the files differ a little (default "
        "%(default)s)",
    )
    add_model(parser)
    add_reporting(parser)
    return parser


def _add_rate(parser: argparse.ArgumentParser) -> None:
    rate = parser.add_mutually_exclusive_group()
    rate.add_argument(
        "--bpp", type=positive_float, metavar="X", help="the most bits of the file per pixel of the photograph"
    )
    rate.add_argument("--max-bytes", type=positive_int, metavar="N", help="the most bytes of the file")
    rate.add_argument(
        "--rate-scale",
        type=positive_float,
        metavar="X",
        help="multiply the model's tables by X; above 1 makes files smaller",
    )
    rate.add_argument(
        "--slope",
        type=positive_float,
        metavar="X",
        help="the rate at which one more bit per pixel would gain X dB of PSNR: one X for a batch gives the best mean "
        "PSNR. The search restores about six files. With lite_4x, 6 is about 0.3 bpp",
    )


def _steps(text: str) -> Refine:
    if text == "best":
        return "best"
    what, separator, steps = text.rpartition(":")
    found = next((each for each in REFINED if each == what), None)
    if separator and found is None:
        raise argparse.ArgumentTypeError(f"{what} cannot be refined; write {' or '.join(f'{x}:N' for x in REFINED)}")
    return Refinement(positive_int(steps), found or "coefficients")


def _profile(text: str) -> str:
    if text not in PROFILES:
        raise argparse.ArgumentTypeError(unknown_profile(text))
    return text


def run(arguments: argparse.Namespace) -> int:
    if arguments.slope and arguments.refine:
        raise UsageError("--slope measures unrefined files; give it without --refine, or give --bpp instead")
    from PIL import Image

    from hyperthumb.images.opening import EXTENSIONS

    sources, remarks = find_sources(arguments.photos, EXTENSIONS, "photographs", is_photograph)
    say_remarks(remarks, arguments.quiet)
    named = [
        each._replace(problem=THUMBNAIL_ALREADY) if each.problem is None and is_thumbnail(each.path) else each
        for each in sources
    ]
    Image.MAX_IMAGE_PIXELS = MAX_COMPRESSED_PIXELS  # `_read_photograph` refuses larger pictures
    read = partial(_read_photograph, arguments=arguments)
    jobs = plan(named, arguments.output, NAMING, arguments.overwrite, arguments.skip_existing, partial(complain, read))
    if arguments.skip_existing:  # a second `compress *.jpg` also finds the thumbnails of the first
        jobs = [job._replace(skipped=job.skipped or job.problem == THUMBNAIL_ALREADY) for job in jobs]
    return run_with_codec(jobs, compress_file, "compressed", arguments)


def is_photograph(path: Path) -> bool:
    """Whether a file is neither a thumbnail nor a photograph that `restore` wrote."""
    return not path.stem.endswith(RESTORED_TAG) and not is_thumbnail(path)


def _read_photograph(source: Path, arguments: argparse.Namespace) -> Picture:
    from hyperthumb.images.pictures import decode_picture

    if source.suffix.lower() in _NOT_READ:
        raise HyperthumbError(f"{source.suffix} files are not supported; convert it to PNG, TIFF or JPEG first")
    data = read_source(source)
    if is_stream(source) and carries_marker(data):  # files were checked before
        raise HyperthumbError(THUMBNAIL_ALREADY)
    return decode_picture(data, str(source), arguments.background, MAX_COMPRESSED_PIXELS, arguments.icc, arguments.exif)


def compress_file(codec: Codec, source: Path, target: Path, arguments: argparse.Namespace) -> Result:
    """Reads one photograph, compresses it as the arguments say, and writes the thumbnail.

    Raises:
        HyperthumbError: when a step fails; then nothing is written.
    """
    picture = _read_photograph(source, arguments)
    note(*picture.notes)
    if arguments.slope:
        rated = codec.compress_at_slope(picture, arguments.slope, arguments.profile, arguments.tile)
    else:
        rated = codec.compress_with_rate_scale(
            picture,
            bpp=arguments.bpp,
            max_bytes=arguments.max_bytes,
            rate_scale=arguments.rate_scale,
            profile=arguments.profile,
            tile=arguments.tile,
            refine=arguments.refine,
        )
    write_result(target, rated.data)
    height, width = picture.pixels.shape[:2]
    size, bpp = len(rated.data), 8 * len(rated.data) / (height * width)
    photograph = {"width": width, "height": height, "bytes": size, "bpp": bpp}
    model = {"rate_scale": rated.rate_scale, "scale": codec.model.scale, "model": codec.model.model_id.hex()}
    return Result(f"{width}x{height}, {in_bytes(size)}, {bpp:.3f} bpp", {**photograph, **model})
