"""Writes the network of a training to a model file, for `hyperthumb --model FILE` and `hyperthumb.load(FILE)`.

    python scripts/export_model.py experiments/lite_4x lite_4x.safetensors
    python scripts/export_model.py experiments/lite_4x/models/net_g_20000.pth lite_4x.safetensors --card license=CC0
    python scripts/export_model.py converted.pth paper_4x.safetensors --options options/test/hyperthumbnail_4x.yml

`hyperthumb export` is another command: it writes ONNX files, which run without PyTorch.

The file holds the averaged weights if there are any, in half precision. A rate model that needs other packages than
torch is left out. If the target is in hyperthumb/models/zoo, the model becomes a shipped model: its card must be
complete, its name must be that of the file, and its checksum is added to SHA256SUMS.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hyperthumb.base.errors import CheckpointError
from hyperthumb.base.output import entry_point
from hyperthumb.codec.models import load_trained
from hyperthumb.models import zoo
from hyperthumb.models.file import load_model, save_model
from model_card import check_card, record


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns 0, or 1 for an error."""
    options = parse(arguments)
    export(options.source, options.target, options.options, options.name, dict(options.card))
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="a training's folder, or a .pth file")
    parser.add_argument("target", type=Path, help="the .safetensors file to write")
    parser.add_argument(
        "--options", type=Path, metavar="FILE.yml", help="the network's options file (default: the training's)"
    )
    parser.add_argument("--name", help="the model's name (default: that of the target)")
    parser.add_argument(
        "--card", action="append", default=[], type=entry, metavar="KEY=VALUE", help="an entry of the card; repeatable"
    )
    return parser.parse_args(arguments)


def entry(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f'"{text}" is not KEY=VALUE')
    return key, value


def export(source: Path, target: Path, options_file: Path | None, name: str | None, card: dict[str, str]) -> None:
    """Writes `target` atomically, reads it again, and prints its content."""
    ships = target.parent.resolve() == zoo.FOLDER.resolve()
    if ships:
        check_card(card)
        if name not in (None, target.stem):
            raise CheckpointError(f"a shipped model must have the name of its file, {target.stem}, not {name}")
    trained = load_trained(source, options_file)
    save_model(target, trained.network, trained.part, name or target.stem, card)
    if ships:
        record(target)
    model = load_model(target)
    count = sum(parameter.numel() for parameter in model.network.parameters())
    print(
        f"{target}: {model.name}, scale {model.scale}, {count:,} parameters, {target.stat().st_size:,} bytes, "
        f"model id {model.model_id.hex()}"
    )


if __name__ == "__main__":
    sys.exit(main())
