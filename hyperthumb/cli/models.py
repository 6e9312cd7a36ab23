"""hyperthumb models: lists the shipped models from their headers, without torch."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from dataclasses import dataclass

from hyperthumb.base.output import emit

from .arguments import new_parser
from .messages import in_bytes

_EXAMPLES = """\
examples:
  hyperthumb models              one line per model
  hyperthumb models lite_4x      its complete card
  hyperthumb compress photo.jpg --model lite_4x
"""
_GAP = "  "
_NUMBERS = ("scale", "bpp", "parameters", "bytes")


@dataclass(frozen=True)
class Listed:
    """The description of a model.

    Attributes:
        name: its name for `--model`.
        default: whether it is used without `--model`.
        scale: the factor between photograph and thumbnail.
        rate_bpp: its approximate rate when none is requested; empty if its card does not say.
        parameters: the number of its parameters.
        bytes: the file's size.
        model: its id in hexadecimal, as stored in thumbnails.
        sha256: the file's digest.
        description: one line by its author.
        card: its card, including the description.
    """

    name: str
    default: bool
    scale: int
    rate_bpp: str
    parameters: int
    bytes: int
    model: str
    sha256: str
    description: str
    card: dict[str, str]


def build_parser() -> argparse.ArgumentParser:
    parser = new_parser("models", "Lists the models that ship with hyperthumb, or shows some in detail.", _EXAMPLES)
    parser.add_argument("names", nargs="*", metavar="NAME|FILE", help="shipped models or model files to show in detail")
    parser.add_argument("--json", action="store_true", help="print one JSON object per model, each on a line")
    return parser


def run(arguments: argparse.Namespace) -> int:
    from hyperthumb.base.errors import HyperthumbError
    from hyperthumb.models.zoo import model_names

    listed, failed = [], 0
    for name in arguments.names or model_names():
        try:
            listed.append(describe(name))
        except HyperthumbError as error:
            print(f"error: {error}", file=sys.stderr)
            failed += 1
    if arguments.json:
        text = "\n".join(json.dumps(dataclasses.asdict(model)) for model in listed)
    elif arguments.names:
        text = "\n\n".join(in_full(model) for model in listed)
    else:
        text = as_table(listed)
    if text:
        emit(text)
    return 1 if failed else 0


def describe(name: str) -> Listed:
    """Describes a shipped model, given by name, or a model file, given by path.

    Raises:
        CheckpointError: when it does not exist or is damaged.
    """
    from hyperthumb.models.header import read_model_header
    from hyperthumb.models.zoo import DEFAULT_MODEL, FOLDER, find_model

    path = find_model(name)
    header = read_model_header(path)
    said = header.description
    return Listed(
        name=said.name,
        default=path == FOLDER / f"{DEFAULT_MODEL}{path.suffix}",
        scale=said.scale,
        rate_bpp=said.card.get("rate_bpp", ""),
        parameters=header.parameters,
        bytes=header.num_bytes,
        model=header.model_id.hex(),
        sha256=header.sha256,
        description=said.card.get("description", ""),
        card=dict(said.card),
    )


def as_table(models: list[Listed]) -> str:
    """A table with one line per model; an asterisk marks the default."""
    rows = [("", "name", "scale", "bpp", "parameters", "bytes", "id", "description")]
    rows += [
        (
            "*" if model.default else "",
            model.name,
            f"{model.scale}x",
            model.rate_bpp,
            f"{model.parameters:,}",
            f"{model.bytes:,}",
            model.model,
            model.description,
        )
        for model in models
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        _GAP.join(
            f"{cell:>{width}}" if title in _NUMBERS else f"{cell:{width}}"
            for title, cell, width in zip(rows[0], row, widths, strict=True)
        )
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n\n* is used when --model is not given."


def in_full(model: Listed) -> str:
    """All facts about a model, one per line."""
    facts = {
        "scale": f"{model.scale}x",
        "parameters": f"{model.parameters:,}",
        "file": in_bytes(model.bytes),
        "id": model.model,
        "sha256": model.sha256,
        **model.card,
    }
    width = max(map(len, facts))
    heading = f"{model.name} (the default)" if model.default else model.name
    return "\n".join([heading, *(f"  {key:{width}}{_GAP}{value}" for key, value in facts.items())])
