"""hyperthumb compress: photographs to thumbnail files."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.limits import MAX_COMPRESSED_PIXELS, PROFILES, unknown_profile

from .arguments import SOURCES, add_model, add_output, add_reporting, color, new_parser, positive_float, positive_int
from .batch import Result
from .codecs import run_with_codec
from .messages import in_bytes, say_remarks
from .sources import carries_marker, complain, find_sources, is_thumbnail, note_all
from .streams import is_stream, read_source, write_result
from .targets import RESTORED_TAG, THUMBNAIL_TAG, Naming, plan

if TYPE_CHECKING:
    from hyperthumb.codec.codec import Codec
    from hyperthumb.images.pictures import Picture

NAMING = Naming(THUMBNAIL_TAG, ".jpg", (".jpg", ".jpeg"), "thumbnails")
_THUMBNAIL_ALREADY = "this is a thumbnail that hyperthumb made; `hyperthumb restore` makes a photograph of it"
_NOT_READ = (  # Pillow would read some of them: the small preview inside
    ".arw", ".avif", ".cr2", ".cr3", ".dng", ".gif", ".heic", ".heif", ".jxl", ".nef", ".orf", ".pef", ".raf", ".rw2",
    ".srw",
)  # fmt: skip

_EXAMPLES = """\
examples:
  hyperthumb compress photo.png                         photo.thumb.jpg, at the model's own rate
  hyperthumb compress photo.png -o small.jpg --max-bytes 20000
  hyperthumb compress holiday/ -o thumbs/ --bpp 0.3     every photograph below holiday/
  hyperthumb compress - -o - < photo.png > small.jpg    through standard input and output

Of a folder, thumbnails and restored photographs (*.restored.*) are left out; name a file to compress it anyway.
PNG, JPEG, WebP, TIFF and BMP are read. EXIF's orientation is applied to the pixels. What --icc and --exif keep counts
as part of the thumbnail's size, and goes on into what `restore` makes of it.
"""


@dataclass(frozen=True)
class Compressed(Result):
    """A thumbnail that was written: the photograph's size, the file's, and what it came to."""

    width: int
    height: int
    bytes: int
    bpp: float
    rate_scale: float
    scale: int
    model: str

    def in_words(self) -> str:
        return f"{self.width}x{self.height}, {in_bytes(self.bytes)}, {self.bpp:.3f} bpp"


def build_parser() -> argparse.ArgumentParser:
    parser = new_parser(
        "compress", "Makes small, ordinary .jpg thumbnails from which the photographs can be restored.", _EXAMPLES
    )
    parser.add_argument("photos", nargs="+", metavar="PHOTO", help=SOURCES)
    add_output(parser, "photo.png to photo.thumb.jpg beside it")
    rate = parser.add_mutually_exclusive_group()
    rate.add_argument(
        "--bpp", type=positive_float, metavar="X", help="bits of the file per pixel of the photograph, at most"
    )
    rate.add_argument("--max-bytes", type=positive_int, metavar="N", help="bytes of the file, at most")
    rate.add_argument(
        "--rate-scale", type=positive_float, metavar="X", help="coarser (above 1) or finer tables than the model's"
    )
    parser.add_argument(
        "--refine",
        type=positive_int,
        default=0,
        metavar="N",
        help="steps that improve the thumbnail for its decoder, at about the same size; 25 take seconds a megapixel",
    )
    parser.add_argument(
        "--profile",
        type=_profile,
        choices=PROFILES,
        default="small",
        help="small: progressive, fewest bytes; optimized, default: plain baseline, which is read sooner, with "
        "Huffman tables made for the file, or the standard's (default %(default)s)",
    )
    parser.add_argument(
        "--background", type=color, metavar="COLOR", help="shows through transparent places (which are refused without)"
    )
    parser.add_argument(
        "--icc",
        choices=("keep", "srgb", "drop"),
        default="keep",
        help="keep the color profile; convert the pixels to sRGB, which needs none; or drop it (default %(default)s). "
        "A profile that describes sRGB is dropped in any case",
    )
    parser.add_argument(
        "--exif",
        choices=("none", "basic", "all"),
        default="none",
        help="basic: date, camera and lens, without place, serial numbers and names; all: everything but orientation "
        "and preview (default %(default)s)",
    )
    add_model(parser)
    add_reporting(parser)
    return parser


def _profile(text: str) -> str:
    if text not in PROFILES:
        raise argparse.ArgumentTypeError(unknown_profile(text))
    return text


def run(arguments: argparse.Namespace) -> int:
    from PIL import Image

    from hyperthumb.images.opening import EXTENSIONS

    sources, remarks = find_sources(arguments.photos, EXTENSIONS, "photographs", _is_photograph)
    say_remarks(remarks, arguments.quiet)
    named = [
        each._replace(problem=_THUMBNAIL_ALREADY) if each.problem is None and is_thumbnail(each.path) else each
        for each in sources
    ]
    Image.MAX_IMAGE_PIXELS = MAX_COMPRESSED_PIXELS  # this is our process, and `_read_photograph` refuses more
    read = partial(_read_photograph, arguments=arguments)
    jobs = plan(named, arguments.output, NAMING, arguments.overwrite, arguments.skip_existing, partial(complain, read))
    if arguments.skip_existing:  # `compress *.jpg` once more meets what it wrote before
        jobs = [job._replace(skipped=job.skipped or job.problem == _THUMBNAIL_ALREADY) for job in jobs]
    return run_with_codec(jobs, compress_file, "compressed", arguments)


def _is_photograph(path: Path) -> bool:
    """Whether a file of a folder is none of ours: neither a thumbnail nor what `restore` made of one."""
    return not path.stem.endswith(RESTORED_TAG) and not is_thumbnail(path)


def _read_photograph(source: Path, arguments: argparse.Namespace) -> Picture:
    from hyperthumb.images.pictures import decode_picture

    if source.suffix.lower() in _NOT_READ:
        raise HyperthumbError(f"{source.suffix} files are not read; convert it to PNG, TIFF or JPEG first")
    data = read_source(source)
    if is_stream(source) and carries_marker(data):  # of files this is known before
        raise HyperthumbError(_THUMBNAIL_ALREADY)
    return decode_picture(data, str(source), arguments.background, MAX_COMPRESSED_PIXELS, arguments.icc, arguments.exif)


def compress_file(codec: Codec, source: Path, target: Path, arguments: argparse.Namespace) -> Compressed:
    """Reads one photograph, compresses it as the arguments say, writes the thumbnail.

    Raises:
        HyperthumbError: when any of it cannot be done; nothing is written then.
    """
    picture = _read_photograph(source, arguments)
    note_all(picture.notes)
    rated = codec.compress_at_rate(
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
    return Compressed(
        width=width,
        height=height,
        bytes=len(rated.data),
        bpp=8 * len(rated.data) / (height * width),
        rate_scale=rated.rate_scale,
        scale=codec.model.scale,
        model=codec.model.model_id.hex(),
    )
