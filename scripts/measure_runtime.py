"""Time and memory of encoders and decoders against the size of the photograph, and quality against time.

    python scripts/measure_runtime.py --photo photo.jpg            # figure 5 of the paper, and the Pareto plot
    python scripts/measure_runtime.py --calibrate datasets/gb82    # with int8
    python scripts/measure_runtime.py --quick -o /tmp/try          # small pictures, to see that it works
    python scripts/measure_runtime.py --device cuda                # decoders on a GPU

Every point is measured in a process of its own, so that its peak memory is its own. The paper's light decoder runs
layer by layer in float32 in the same run, as the reference. Times are medians of the calls after the first. The results
are `results.json`, `figure5.png` and `pareto.png`; on a GPU `cuda.json`. PSNR is not measured: it comes from
results/benchmark/kodak_4x and results/zoo.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hyperthumb.base.files import make_folder, write_atomically
from hyperthumb.base.output import emit, entry_point
from runtime.cases import ENGINES, QUICK_SIZES, SIZES, Point, cases, measure

ROOT = Path(__file__).parents[1]
MODELS = ["lite_4x", "fast_4x", "lite_2x_low", "qpm_1x"]
LIBRARIES = ("torch", "onnxruntime", "openvino", "numpy", "Pillow")


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, writes the results, and prints a table as Markdown."""
    options = parse(arguments)
    make_folder(options.output)
    if options.device == "cuda":
        return on_cuda(options)
    from runtime.files import prepare
    from runtime.plots import QUALITY, draw, read_quality

    sizes = QUICK_SIZES if options.quick else SIZES
    engines = [name for name in options.engines if find_spec(name)]
    said = environment(options)
    # Other processors emulate bfloat16, five to eight times as slow as float32.
    bf16 = ["bf16"] if "avx512_bf16" in said.get("instructions", ()) else []
    int8 = ["int8"] if options.calibrate else []
    todo = list(cases(sizes, options.models, engines, ["fp32", *bf16, *int8]))
    points = []
    with tempfile.TemporaryDirectory() as name:
        prepare(options.photo, todo, Path(name), options.calibrate)
        for count, case in enumerate(todo, 1):
            points.append(measure(case, Path(name), 1 if options.quick else options.calls, options.threads))
            print(f"{count} of {len(todo)}: {case.part}, {case.label}, {case.width}x{case.height}", file=sys.stderr)
    quality = read_quality(ROOT)
    content = {
        "environment": said,
        "quality": {"source": [folder.as_posix() for folder in QUALITY], "psnr_rgb": quality},
        "points": [{**point._asdict(), "case": point.case._asdict()} for point in points],
    }
    write_atomically(options.output / "results.json", (json.dumps(content, indent=1) + "\n").encode())
    paths = draw(points, sizes, quality, options.output)
    emit(as_table(points))
    print(f"written: {options.output / 'results.json'}, {', '.join(map(str, paths))}", file=sys.stderr)
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", type=Path, default=ROOT / "docs/images/demo.jpg", help="is mirrored to each size")
    parser.add_argument("--calibrate", type=Path, metavar="FOLDER", help="photographs to calibrate int8; else no int8")
    parser.add_argument("--models", nargs="+", default=MODELS, help="curves: two")
    parser.add_argument("--engines", nargs="+", choices=dict(ENGINES), default=list(dict(ENGINES)))
    parser.add_argument("--calls", type=int, default=3, help="timed calls of a process (default %(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--quick", action="store_true", help="pictures of 160x96 and 256x160, one call each")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "results/runtime", metavar="FOLDER")
    return parser.parse_args(arguments)


def on_cuda(options: argparse.Namespace) -> int:
    """Decoders on a GPU, for every size of the curves."""
    from runtime.cuda import measure_cuda

    sizes = QUICK_SIZES if options.quick else SIZES
    points = [point for size in sizes for point in measure_cuda(options.models[0], size, options.calls)]
    content = {"environment": environment(options), "points": points}
    write_atomically(options.output / "cuda.json", (json.dumps(content, indent=1) + "\n").encode())
    for point in points:
        emit(f"{point['size'][0]}x{point['size'][1]}, {point['how']}: {point['milliseconds']:.2f} ms")
    return 0


def environment(options: argparse.Namespace) -> dict[str, Any]:
    """What the times depend on."""
    said: dict[str, Any] = {"machine": platform.machine(), "threads": options.threads, "photo": options.photo.name}
    if Path("/proc/cpuinfo").exists():
        lines = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
        flags = {key.strip(): value.strip() for key, value in lines.items()}
        said["processor"] = flags.get("model name", "unknown")
        wanted = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
        said["instructions"] = [name for name in wanted if name in flags.get("flags", "").split()]
    for name in LIBRARIES:
        try:
            said[name] = version(name)
        except PackageNotFoundError:
            said[name] = "not installed"
    return said


def as_table(points: Sequence[Point]) -> str:
    """One line for each point; `relative` is the network's time as a share of the reference's at that size."""
    reference = {
        (point.case.width, point.case.height): point.seconds["network"]
        for point in points
        if point.case.engine == "layers"
    }
    lines = [
        "| part | what | picture | seconds | relative | peak memory | load |",
        "|---|---|---|---|---|---|---|",
    ]
    for point in points:
        case = point.case
        whole = reference.get((case.width, case.height))
        share = f"{point.seconds['network'] / whole:.2f}" if whole and case.part == "restore" else ""
        stages = ", ".join(f"{stage} {seconds:.3f}" for stage, seconds in point.seconds.items())
        lines.append(
            f"| {case.part} | {case.label} | {case.width}x{case.height} | {stages} | {share} "
            f"| {point.peak_bytes / 1e6:,.0f} MB | {point.load:.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
