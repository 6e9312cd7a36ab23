"""hyperthumb models: lists the shipped models from their headers, without torch."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from hyperthumb.base.output import emit
from hyperthumb.base.wording import in_bytes

from .arguments import new_parser

_EXAMPLES = """\
examples:
  hyperthumb models              one line per model
  hyperthumb models lite_4x      its complete card
  hyperthumb compress photo.jpg --model lite_4x
"""
_GAP = "  "
_NUMBERS = ("scale", "bpp", "parameters", "bytes")


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
        text = "\n".join(json.dumps(model) for model in listed)
    elif arguments.names:
        text = "\n\n".join(in_full(model) for model in listed)
    else:
        text = as_table(listed)
    if text:
        emit(text)
    return 1 if failed else 0


def describe(name: str) -> dict[str, Any]:
    """Describes a shipped model, given by name, or a model file, given by path.

    Returns:
        What `--json` prints. `default` says whether the model is used without `--model`, `rate_bpp` is its approximate
        rate when none is requested (empty if its card does not say), and `model` is the id that thumbnails store.

    Raises:
        CheckpointError: when it does not exist or is damaged.
    """
    from hyperthumb.models.header import read_model_header
    from hyperthumb.models.zoo import DEFAULT_MODEL, FOLDER, find_model

    path = find_model(name)
    header = read_model_header(path)
    said = header.description
    return {
        "name": said.name,
        "default": path == FOLDER / f"{DEFAULT_MODEL}{path.suffix}",
        "scale": said.scale,
        "rate_bpp": said.card.get("rate_bpp", ""),
        "parameters": header.parameters,
        "bytes": header.num_bytes,
        "model": header.model_id.hex(),
        "sha256": header.sha256,
        "description": said.card.get("description", ""),
        "card": dict(said.card),
    }


def as_table(models: list[dict[str, Any]]) -> str:
    """A table with one line per model; an asterisk marks the default."""
    rows = [("", "name", "scale", "bpp", "parameters", "bytes", "id", "description")]
    for model in models:
        mark, scale = "*" if model["default"] else "", f"{model['scale']}x"
        numbers = (scale, model["rate_bpp"], f"{model['parameters']:,}", f"{model['bytes']:,}")
        rows.append((mark, model["name"], *numbers, model["model"], model["description"]))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        _GAP.join(
            f"{cell:>{width}}" if title in _NUMBERS else f"{cell:{width}}"
            for title, cell, width in zip(rows[0], row, widths, strict=True)
        )
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n\n* is used when --model is not given."


def in_full(model: dict[str, Any]) -> str:
    """All facts about a model, one per line."""
    facts = {
        "scale": f"{model['scale']}x",
        "parameters": f"{model['parameters']:,}",
        "file": in_bytes(model["bytes"]),
        "id": model["model"],
        "sha256": model["sha256"],
        **model["card"],
    }
    width = max(map(len, facts))
    heading = f"{model['name']} (the default)" if model["default"] else model["name"]
    return "\n".join([heading, *(f"  {key:{width}}{_GAP}{value}" for key, value in facts.items())])
