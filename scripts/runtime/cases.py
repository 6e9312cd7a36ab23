"""The points of figure 5 and of the Pareto plot, and the processes that measure them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from hyperthumb.base.errors import HyperthumbError

Part = Literal["restore", "compress", "codec", "command"]
Size = tuple[int, int]

SIZES: tuple[Size, ...] = ((1024, 680), (2048, 1360), (3840, 2160), (6000, 4000))
QUICK_SIZES: tuple[Size, ...] = ((160, 96), (256, 160))
ENGINES = (
    ("onnxruntime", "fp32"), ("onnxruntime", "int8"), ("openvino", "fp32"), ("openvino", "int8"), ("torch", "fp32"),
    ("torch", "bf16"),
)  # fmt: skip
PAPER = "paper"
"""The paper's light decoder, with the weights that training starts from; its time does not depend on them."""


class Case(NamedTuple):
    """One point.

    Attributes:
        part: restore, compress; codec (Pillow's decoder); command (the whole command `hyperthumb restore`).
        model: a shipped model, `paper`, or a format such as AVIF.
        engine: of `hyperthumb`; `layers` runs PyTorch's layers one after the other; `pillow` for formats.
        precision: of the arithmetic.
        width: the photograph's columns.
        height: the photograph's rows.
    """

    part: Part
    model: str
    engine: str
    precision: str
    width: int
    height: int

    @property
    def label(self) -> str:
        """Its curve in a plot."""
        if self.engine == "pillow":
            return f"{self.model}, Pillow"
        name = "the paper's light decoder" if self.model == PAPER else self.model
        how = "layer by layer" if self.engine == "layers" else self.engine
        return f"{name}, {how}, {self.precision}"


class Point(NamedTuple):
    """What a process measured.

    Attributes:
        case: what it did.
        seconds: of each stage, the median of the calls after the first.
        calls: that were timed.
        process_seconds: the whole process, with imports, preparation and all calls.
        peak_bytes: the process's largest resident memory.
        file_bytes: the file that was read or written.
        load: the machine's load average when it ended; about 2 where a process uses two cores and no other runs.
    """

    case: Case
    seconds: dict[str, float]
    calls: int
    process_seconds: float
    peak_bytes: int
    file_bytes: int
    load: float


def cases(
    sizes: Sequence[Size], models: Sequence[str], engines: Sequence[str], precisions: Sequence[str] = ("fp32",)
) -> Iterator[Case]:
    """All points: curves of two models and of the paper's decoder over the sizes, other models at one size only.

    Args:
        sizes: widths and heights, rising. The second last one is that of the Pareto plot.
        models: shipped models. The first one runs on every engine, the others in ONNX Runtime.
        engines: those that are installed, without the precision.
        precisions: fp32, and what else to measure of the first two models: bf16 in PyTorch, int8 in the others.
    """
    chosen = [(engine, precision) for engine, precision in ENGINES if engine in engines and precision in precisions]
    quick = [precision for engine, precision in chosen if engine == "onnxruntime"]
    pareto = pareto_size(sizes)
    for size in sizes:
        if "torch" in engines:
            yield Case("restore", PAPER, "layers", "fp32", *size)
        for engine, precision in chosen:
            if engine == "torch":
                yield Case("restore", PAPER, engine, precision, *size)
            yield Case("restore", models[0], engine, precision, *size)
            if precision != "bf16":
                yield Case("compress", models[0], engine, precision, *size)
        yield from (
            Case("restore", model, "onnxruntime", precision, *size) for model in models[1:2] for precision in quick
        )
    for model in models[2:]:
        yield Case("restore", model, "onnxruntime", "fp32", *pareto)
    for codec in ("AVIF", "WebP"):
        yield Case("codec", codec, "pillow", "lossy", *pareto)
    for size in dict.fromkeys((sizes[0], sizes[-1])):
        yield from (Case("command", models[0], *each, *size) for each in chosen if each[1] != "bf16")
        yield from (
            Case("command", model, "onnxruntime", precision, *size) for model in models[1:2] for precision in quick
        )


def pareto_size(sizes: Sequence[Size]) -> Size:
    """The size at which models and codecs are compared."""
    return sizes[-2] if len(sizes) > 1 else sizes[-1]


def source_of(folder: Path, case: Case) -> Path:
    """The file that a case reads, which `files.prepare` makes."""
    size = f"{case.width}x{case.height}"
    if case.part == "compress":
        return folder / f"{size}.npy"
    suffix = case.model.lower() if case.part == "codec" else "jpg"
    return folder / f"{'lite_4x' if case.model == PAPER else case.model}_{size}.{suffix}"


def int8_model(folder: Path, model: str) -> Path:
    """The copy of a shipped model with int8 graphs beside it, which `files.prepare` makes."""
    return folder / f"{model}.safetensors"


def measure(case: Case, folder: Path, calls: int, threads: int) -> Point:
    """Measures one case in a process of its own.

    Raises:
        HyperthumbError: when the process fails; the message has its last line.
    """
    source, here = source_of(folder, case), Path(__file__).parent
    model = str(int8_model(folder, case.model)) if case.precision == "int8" else case.model
    if case.part == "command":
        words = ["-m", "hyperthumb", "restore", str(source), "-o", str(folder / "restored.png"), "--overwrite", "-q"]
        words += ["--device", "cpu", "--engine", case.engine, "--precision", case.precision]
        words += ["--model", model]
    else:
        words = [str(here / "work.py"), json.dumps(case._replace(model=model)), str(source), str(calls)]
    launched = subprocess.run(
        [sys.executable, str(here / "launch.py"), sys.executable, *words],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": str(threads)},
    )
    process: dict[str, Any] = json.loads(launched.stdout)
    lines = process["output"].strip().splitlines()
    if process["code"]:
        raise HyperthumbError(f"{case.label} failed: {lines[-1] if lines else process['code']}")
    if case.part == "command":
        found: dict[str, Any] = {"seconds": {"process": process["seconds"]}, "calls": 1}
    else:
        found = json.loads(lines[-1])
    size, load = source.stat().st_size, os.getloadavg()[0]
    return Point(case, found["seconds"], found["calls"], process["seconds"], process["peak_bytes"], size, load)
