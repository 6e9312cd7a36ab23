"""hyperthumb export: writes a model as ONNX files. Each is compared with the network before it is written."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.limits import GRAPH_PRECISIONS
from hyperthumb.base.wording import counted, in_bytes

from .arguments import add_plugin, new_parser
from .codecs import import_plugins
from .messages import warn_ignored

if TYPE_CHECKING:
    import numpy as np

_EXAMPLES = """\
examples:
  hyperthumb export lite_4x -o exported/                    encoder, tables and decoder, float32
  hyperthumb export lite_4x --part decoder                  only the part for restoring
  hyperthumb export experiments/mine --precision int8 --calibrate photos/

A model file (.safetensors) of your training, for --model and hyperthumb.load, is made by another command:
  python scripts/export_model.py experiments/mine mine.safetensors
"""
_MOST_PHOTOGRAPHS = 24


def build_parser() -> argparse.ArgumentParser:
    parser = new_parser("export", "Writes a model as ONNX files that run without PyTorch.", _EXAMPLES)
    parser.add_argument("model", metavar="MODEL", help="a shipped model, a model file, or a training's folder")
    add_plugin(parser)
    parser.add_argument("-o", "--output", metavar="FOLDER", default=".", help="where to write (default: here)")
    parser.add_argument(
        "--part", choices=("decoder", "encoder", "both"), default="both", help="what to export (default %(default)s)"
    )
    parser.add_argument(
        "--precision",
        choices=GRAPH_PRECISIONS,
        default="fp32",
        help="the precision of the layers of encoder and decoder (default %(default)s)",
    )
    parser.add_argument(
        "--calibrate",
        metavar="FOLDER",
        help="photographs to measure the loss of fp16 and int8 and to calibrate int8",
    )
    return parser


def run(arguments: argparse.Namespace) -> int:
    from hyperthumb.models.zoo import find_model

    path = find_model(arguments.model)
    if arguments.calibrate and arguments.precision == "fp32":
        warn_ignored("--calibrate", "without --precision fp16 or int8")
    photographs = read_photographs(arguments.calibrate) if arguments.calibrate and arguments.precision != "fp32" else {}
    from hyperthumb.codec.models import open_model
    from hyperthumb.runtime.export import check_photographs, export_model, stem_of

    import_plugins(arguments.plugin)
    model = open_model(path)
    check_photographs(photographs.items(), model.scale)
    folder, chosen = Path(arguments.output), list(photographs.values())
    exported = export_model(model, folder, arguments.part, arguments.precision, chosen, stem_of(path))
    for file in exported:
        blocks = counted(file.manifest.reach, "block")
        reach = "the whole picture" if file.manifest.reach < 0 else f"{blocks} around each block"
        line = f"{file.path}: {in_bytes(file.num_bytes)}, {file.manifest.precision}, sees {reach}"
        line += f"; differs from the network by at most {file.difference.largest:.1e}"
        if file.loss_db is not None:
            line += f"; {file.manifest.precision} loses {file.loss_db:.4f} dB"
            line += " at equal bytes" if file.manifest.part == "encoder" else ""
        print(line)
    return 0


def read_photographs(folder: str) -> dict[str, np.ndarray]:
    """The first photographs of a folder, by their paths. Thumbnails and restored photographs are left out.

    Raises:
        HyperthumbError: if there is none, or one cannot be read.
    """
    from hyperthumb.images.opening import EXTENSIONS
    from hyperthumb.images.pictures import decode_picture

    from .compress import is_photograph
    from .sources import find_sources
    from .streams import read_source

    sources = find_sources([folder], EXTENSIONS, "photographs", is_photograph).sources[:_MOST_PHOTOGRAPHS]
    photographs = {}
    for source in sources:
        name = str(source.path)
        if source.problem:
            raise HyperthumbError(f"{name}: {source.problem}")
        try:
            data = read_source(source.path)
        except HyperthumbError as error:
            raise HyperthumbError(f"{name}: {error}") from error
        photographs[name] = decode_picture(data, name).pixels
    return photographs
