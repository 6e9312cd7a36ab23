"""Scores of the models that ship, kept in results/zoo: files are written, read back, and restored from.

    python scripts/measure_models.py                                      # all models, kodak set5 set14 bsd100
    python scripts/measure_models.py --models lite_4x --data kodak --rate_scales 0.8 1.0 1.3
    python scripts/measure_models.py --models lite_4x --refine 25         # the same with refined thumbnails
    python scripts/measure_models.py --models mine.safetensors --data mine=FOLDER --out results/mine
    python scripts/measure_models.py --table                              # what is there, as Markdown

Rows of models, rate scales and refinements that are not measured now stay. Times count only on an idle machine.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import shlex
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from tqdm import tqdm

from hyperthumb.base.environment import describe_device, package_versions
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.output import emit, entry_point
from hyperthumb.data import HRImageDataset
from hyperthumb.evaluation.evaluator import OutputFolder, evaluate_image
from hyperthumb.evaluation.model_results import (
    ModelResult,
    average,
    collect,
    format_markdown,
    merge,
    read_results,
    write_results,
)
from hyperthumb.evaluation.network_rescaler import NetworkRescaler
from hyperthumb.jpeg.file import read_jpeg, write_jpeg
from hyperthumb.metrics import get_protocol
from hyperthumb.models.build import DEVICES, resolve_device
from hyperthumb.models.file import LoadedModel, load_model
from hyperthumb.models.weights import sha256_of
from hyperthumb.models.zoo import find_model, model_names

DATASETS = ("kodak", "set5", "set14", "bsd100")
PROTOCOL, PROFILE = "paper", "small"


class Dataset(NamedTuple):
    """A folder of photographs, and the word on the command line that it was named by."""

    name: str
    folder: Path
    word: str


class Subject(NamedTuple):
    """A model to be measured, and what it was named by."""

    model: LoadedModel
    sha256: str
    word: str


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 0 when all is well, 1 for a user's mistake."""
    options = parse(arguments)
    if not options.table:
        measure_all(options)
    results = {path.stem: read_results(path) for path in sorted(options.out.glob("*.json"))}
    say = emit if options.table else print  # what was measured is in files
    say(format_markdown(results), end="")
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", nargs="+", type=dataset, metavar="NAME[=FOLDER]", default=[dataset(name) for name in DATASETS],
        help=f"sets of photographs; without FOLDER, those below HYPERTHUMB_DATA (default: {' '.join(DATASETS)})",
    )  # fmt: skip
    parser.add_argument("--models", nargs="+", metavar="NAME|PATH", help="default: all that ship")
    parser.add_argument("--rate_scales", nargs="+", type=float, default=[1.0], metavar="X", help="default: 1.0")
    parser.add_argument(
        "--refine", type=int, default=0, metavar="N", help="steps of refinement of each thumbnail (default: none)"
    )
    parser.add_argument("--device", choices=DEVICES, default="cpu", help="default: %(default)s")
    parser.add_argument("--out", type=Path, default=Path("results/zoo"), metavar="FOLDER", help="default: %(default)s")
    parser.add_argument("--table", action="store_true", help="measure nothing; print what is in FOLDER as Markdown")
    return parser.parse_args(arguments)


def dataset(text: str) -> Dataset:
    name, equals, folder = text.partition("=")
    if not name.isidentifier() or (equals and not folder):
        raise argparse.ArgumentTypeError(f'"{text}" is not NAME or NAME=FOLDER')
    return Dataset(name, Path(folder) if folder else Path(os.environ.get("HYPERTHUMB_DATA", "datasets")) / name, text)


def measure_all(options: argparse.Namespace) -> None:
    """Measures what the arguments name; after each dataset and model its file is written.

    Raises:
        HyperthumbError: for a model or a folder that is not there, or a rate scale that makes no sense.
    """
    if not all(0 < rate_scale < float("inf") for rate_scale in options.rate_scales):
        raise HyperthumbError("a rate scale is a number above 0")
    if options.refine < 0:
        raise HyperthumbError("--refine takes a number of steps, 0 or more")
    device = resolve_device(options.device)
    subjects = [open_model(word, device) for word in options.models or model_names()]
    sources = [(data, HRImageDataset(str(data.folder))) for data in options.data]
    for data, source in sources:
        path = options.out / f"{data.name}.json"
        for subject in subjects:
            rows = [measure(subject, data, source, scale, options.refine, device) for scale in options.rate_scales]
            write_results(path, merge(read_results(path), rows))


def open_model(word: str, device: torch.device) -> Subject:
    path = find_model(word)
    if not path.is_file():
        raise HyperthumbError(f"{path} is no model file; scripts/export_model.py makes one of a training")
    model = load_model(path, with_rate_model=True)
    model.network.to(device)
    return Subject(model, sha256_of(path), word)


def measure(
    subject: Subject, data: Dataset, source: HRImageDataset, rate_scale: float, refine: int, device: torch.device
) -> ModelResult:
    """One model at one rate scale, refined or not, on one dataset."""
    model = subject.model
    rescaler = NetworkRescaler(model.network, model.name, PROFILE, rate_scale, refine)
    rows, bytes_default = [], []
    with tempfile.TemporaryDirectory() as temporary:
        folder = OutputFolder(Path(temporary), keep_restored=False)
        pairs = (source.load(index) for index in range(len(source)))
        label = f"{model.name} at {rate_scale:g} on {data.name}"
        measured = (evaluate_image(rescaler, pair, get_protocol(PROTOCOL, model.scale), folder) for pair in pairs)
        for image in tqdm(measured, label, len(source), unit="image", disable=not sys.stderr.isatty()):
            rows.append(image.scores)
            written = read_jpeg(folder.thumbnail(image.scores.image).read_bytes())
            bytes_default.append(len(write_jpeg(written, "default")))
    per_image = collect(rows, bytes_default)
    words = ["--models", subject.word, "--data", data.word, "--rate_scales", f"{rate_scale:g}", "--device", device.type]
    words += ["--refine", str(refine)] if refine else []
    seconds = statistics.median(row.seconds_decode for row in rows if row.seconds_decode is not None)
    return ModelResult(
        **dataclasses.asdict(average(per_image)),
        model=model.name,
        model_id=model.model_id.hex(),
        sha256=subject.sha256,
        scale=model.scale,
        rate_scale=rate_scale,
        refine=refine,
        images=len(rows),
        protocol=PROTOCOL,
        profile=PROFILE,
        seconds_decode=round(seconds, 4),
        device=f"cpu: {describe_device(device)}" if device.type == "cpu" else describe_device(device),
        versions=package_versions(),
        command=shlex.join(["python", "scripts/measure_models.py", *words]),
        per_image=per_image,
    )


if __name__ == "__main__":
    sys.exit(main())
