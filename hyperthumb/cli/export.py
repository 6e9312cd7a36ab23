"""hyperthumb export: writes a model as ONNX files. Each is compared with the network before it is written."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.limits import GRAPH_PRECISIONS
from hyperthumb.base.wording import in_bytes

from .arguments import add_plugin, new_parser
from .codecs import import_plugins

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
        help="the precision of the decoder's layers (default %(default)s)",
    )
    parser.add_argument(
        "--calibrate",
        metavar="FOLDER",
        help="photographs to measure the loss of fp16 and int8 and to calibrate int8",
    )
    return parser


def run(arguments: argparse.Namespace) -> int:
    from hyperthumb.codec.models import open_model
    from hyperthumb.models.zoo import find_model
    from hyperthumb.runtime.export import export_model

    photographs = _photographs(arguments.calibrate) if arguments.calibrate else []
    import_plugins(arguments.plugin)
    model = open_model(find_model(arguments.model))
    exported = export_model(model, Path(arguments.output), arguments.part, arguments.precision, photographs)
    for file in exported:
        reach = "the whole picture" if file.manifest.reach < 0 else f"{file.manifest.reach} blocks around each block"
        line = f"{file.path}: {in_bytes(file.num_bytes)}, {file.manifest.precision}, sees {reach}"
        line += f"; differs from the network by at most {file.difference.largest:.1e}"
        print(line if file.loss_db is None else f"{line}; {file.manifest.precision} loses {file.loss_db:.4f} dB")
    return 0


def _photographs(folder: str) -> list[np.ndarray]:
    from hyperthumb.images.opening import EXTENSIONS
    from hyperthumb.images.pictures import decode_picture

    from .sources import find_sources
    from .streams import read_source

    sources = find_sources([folder], EXTENSIONS, "photographs").sources[:_MOST_PHOTOGRAPHS]
    for source in sources:
        if source.problem:
            raise HyperthumbError(f"{source.path}: {source.problem}")
    return [decode_picture(read_source(source.path), str(source.path)).pixels for source in sources]
