"""hyperthumb gallery: a static site of thumbnails that browsers restore, and a server to look at it."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from hyperthumb.base.wording import in_bytes

from .arguments import SOURCES, add_model, add_reporting, new_parser, positive_float
from .batch import Result, run_batch
from .codecs import run_with_codec
from .compress import THUMBNAIL_ALREADY, compress_file, is_photograph
from .messages import say_remarks, warn_ignored
from .sources import Source, find_sources, is_thumbnail
from .streams import is_stream
from .targets import Job, UsageError

if TYPE_CHECKING:
    from hyperthumb.codec.codec import Codec
    from hyperthumb.gallery.index import PhotographEntry
    from hyperthumb.gallery.site import Site

DEFAULT_MODEL = "fast_4x"
DEFAULT_BPP = 0.2
DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8000

_EXAMPLES = """\
examples:
  hyperthumb gallery holiday/ -o site --title "Holiday"
  hyperthumb gallery --serve site                       http://127.0.0.1:8000/

Run it again after photographs were added, changed or removed: only what is new or changed is compressed. Where some
photographs cannot be read, they are listed and left out, and nothing else is removed from the site.
"""


class _Plan(NamedTuple):
    """What to do for every source, and the photographs that the site will have: name and digest by file."""

    jobs: list[Job]
    photographs: dict[Path, tuple[str, str]]


def build_parser() -> argparse.ArgumentParser:
    parser = new_parser(
        "gallery", "Writes a static site of thumbnails that the visitor's browser restores, or serves it.", _EXAMPLES
    )
    parser.add_argument("photos", nargs="*", metavar="PHOTO", help=SOURCES.partition(", or -")[0])
    parser.add_argument("-o", "--output", metavar="SITE", help="the site's folder: new, empty, or a gallery")
    parser.add_argument("--title", help='the heading of the page (default: the one it has, or "Photographs")')
    parser.add_argument(
        "--bpp",
        type=positive_float,
        metavar="X",
        help=f"the most bits of a thumbnail per pixel of the photograph (default {DEFAULT_BPP})",
    )
    parser.add_argument("--serve", metavar="SITE", help="serve a site on this machine instead of writing one")
    parser.add_argument("--port", type=_port, metavar="N", help=f"for --serve (default {DEFAULT_PORT})")
    parser.add_argument(
        "--host", help="for --serve: the address to listen on; 0.0.0.0 lets other machines in "
        f"(default {DEFAULT_HOST}, this machine alone)"
    )  # fmt: skip
    add_model(parser)
    add_reporting(parser)
    # What `compress` would ask for. The page shows sRGB, and a site should not tell where a photograph was taken.
    parser.set_defaults(
        profile="small", icc="srgb", exif="none", background=(255, 255, 255), refine=0,
        max_bytes=None, rate_scale=None, slope=None,
    )  # fmt: skip
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f'"{text}" is not a port: 0 to 65535, where 0 takes any that is free')
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    if arguments.serve is not None:
        if arguments.photos or arguments.output:
            raise UsageError("--serve serves a site that there is; write it first, without --serve")
        _warn_of_ignored(arguments, ("title", "bpp", "model"), "with --serve, which changes nothing in a site")
        host, port = arguments.host or DEFAULT_HOST, DEFAULT_PORT if arguments.port is None else arguments.port
        return _serve(Path(arguments.serve), host, port)
    if not arguments.photos or not arguments.output:
        raise UsageError("give photographs and the site's folder: hyperthumb gallery PHOTOS -o SITE")
    _warn_of_ignored(arguments, ("host", "port"), "without --serve")
    arguments.bpp = DEFAULT_BPP if arguments.bpp is None else arguments.bpp
    arguments.model = arguments.model or DEFAULT_MODEL
    return _build(arguments)


def _warn_of_ignored(arguments: argparse.Namespace, names: Sequence[str], where: str) -> None:
    for name in names:
        if getattr(arguments, name) is not None:
            warn_ignored(f"--{name}", where)


def _serve(folder: Path, host: str, port: int) -> int:
    from hyperthumb.gallery.server import make_server

    with make_server(folder, host, port) as server:
        print(f"{folder}: http://{host}:{server.server_port}/ (Ctrl+C stops)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:  # the way to end it
            return 0
    return 0


def _build(arguments: argparse.Namespace) -> int:
    from PIL import Image

    from hyperthumb.base.limits import MAX_COMPRESSED_PIXELS
    from hyperthumb.gallery.index import digest_of
    from hyperthumb.gallery.site import Site, thumbnail_path
    from hyperthumb.images.opening import EXTENSIONS
    from hyperthumb.models.zoo import find_model
    from hyperthumb.runtime.exported_engine import read_exported

    model = read_exported(find_model(arguments.model), "give a shipped model")
    site = Site(Path(arguments.output), model, arguments.title)
    sources, remarks = find_sources(arguments.photos, EXTENSIONS, "photographs", is_photograph)
    say_remarks(remarks, arguments.quiet)
    jobs, photographs = _plan(site, sources, (arguments.bpp, site.model_id))
    there = {photographs[job.source][0] for job in jobs if job.skipped}
    Image.MAX_IMAGE_PIXELS = MAX_COMPRESSED_PIXELS

    def add(codec: Codec, source: Path, target: Path, arguments: argparse.Namespace) -> Result:
        name, mark = photographs[source]
        compressed = compress_file(codec, source, target, arguments)
        made = compressed.values | {"digest": digest_of(target)}
        site.add(_entry(name, thumbnail_path(name), mark, made, source.stat().st_size))
        there.add(name)
        return compressed

    site.prepare([name for name, _ in photographs.values()])
    try:
        if any(job.problem is None for job in jobs):
            code = run_with_codec(jobs, add, "compressed", arguments)
        else:
            code = run_batch(jobs, _nothing_to_do, 1, "compressed", arguments)
    except BaseException:  # Ctrl+C too: the index gets what was made since it was last written
        site.write()
        raise
    failed = {name for name, _ in photographs.values()} - there
    site.finish(failed if code else set(site.names) - there)
    if site.discard_new():
        print(f"error: {arguments.output}: no site was written, because it would have no photograph", file=sys.stderr)
        return code or 1
    if not (arguments.quiet or arguments.json):
        thumbnails, originals = site.sizes
        print(
            f"{arguments.output}: {len(site.names)} photographs in {in_bytes(thumbnails)} of thumbnails, made from "
            f"{in_bytes(originals)}; look at them: hyperthumb gallery --serve {arguments.output}"
        )
    return code


def _plan(site: Site, sources: Sequence[Source], settings: Sequence[object]) -> _Plan:
    from hyperthumb.gallery.site import made_from, thumbnail_path, unique_names

    jobs: list[Job] = []
    photographs: dict[Path, tuple[str, str]] = {}
    for source, name in zip(sources, unique_names([source.relative for source in sources]), strict=True):
        problem = source.problem
        if problem is None and is_stream(source.path):
            problem = "a gallery is made of files; name one"
        if problem is None and is_thumbnail(source.path):
            problem = THUMBNAIL_ALREADY
        try:
            mark = "" if problem else made_from(source.path, settings)
        except OSError as error:
            problem = f"cannot be read ({error.strerror or error})"
        if problem is not None:
            jobs.append(Job(source.path, None, problem))
            continue
        photographs[source.path] = name, mark
        unchanged = site.has(name, mark)
        target = site.folder / thumbnail_path(name)
        jobs.append(Job(source.path, target, "unchanged" if unchanged else None, skipped=unchanged))
    return _Plan(jobs, photographs)


def _entry(name: str, thumbnail: str, mark: str, made: dict[str, Any], original_bytes: int) -> PhotographEntry:
    from hyperthumb.gallery.index import PhotographEntry

    return PhotographEntry(
        name=name,
        thumbnail=thumbnail,
        bytes=made["bytes"],
        width=made["width"],
        height=made["height"],
        thumbnail_width=math.ceil(made["width"] / made["scale"]),
        thumbnail_height=math.ceil(made["height"] / made["scale"]),
        bpp=round(made["bpp"], 4),
        model=made["model"],
        original_bytes=original_bytes,
        made_from=mark,
        digest=made["digest"],
    )


def _nothing_to_do(source: Path, target: Path | None) -> NoReturn:
    raise AssertionError(f"{source} has nothing to do")
