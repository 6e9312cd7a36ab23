"""Runs the ablation: trains several options files with equal budgets, and compares the models at the same rates.

    python scripts/run_ablation.py                                        # all of options/ablation, on gb82
    python scripts/run_ablation.py --data kodak                           # the same models on other photographs
    python scripts/run_ablation.py --data options/benchmark/kodak_4x.yml  # its data sets, protocol, LPIPS and details
    python scripts/run_ablation.py options/ablation/predicted.yml mine.yml --output results/ablation/mine
    python scripts/run_ablation.py --max_minutes 55                       # stops in time; run it again to continue
    python scripts/run_ablation.py --seeds 0 1 2                          # each training three times; mean and spread

The other files are compared with the first one. Everything is checked before the first training starts. run_train.py
does the trainings: a training that was stopped resumes, and a finished one is skipped. Then the benchmark measures the
models that are not measured yet. Exit codes: 0 success, or stopped because of --max_minutes; 1 an error, with its
message; 130 or 143 stopped by Ctrl+C or SIGTERM.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ablation.rates import find_rate_scales
from ablation.runs import Run, open_runs, train_all
from ablation.seeds import mean_over_seeds
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.output import entry_point, warnings_as_lines
from hyperthumb.benchmark.report.write import write_report
from hyperthumb.benchmark.results import FILE_NAME, load_results, save_results
from hyperthumb.cli.benchmark import measure
from hyperthumb.config import BenchmarkOptions, BenchmarkRow, Component, DatasetOptions, load_benchmark_options
from hyperthumb.data import build_source
from hyperthumb.models.build import resolve_device

RATES = (0.20, 0.24, 0.28, 0.32, 0.37, 0.43)
TARGET_BPP = 0.30
FIRST = "predicted.yml"
ENTRY = Path(__file__).parents[1] / "run_train.py"


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Trains, measures and reports; returns the process's exit code."""
    started = time.monotonic()
    words = parse(arguments)
    with warnings_as_lines():
        return ablate(words, started)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE.yml", help="default: options/ablation/*.yml")
    parser.add_argument(
        "--data", default="gb82", metavar="NAME[=FOLDER]|FILE.yml",
        help="photographs to measure: a folder in HYPERTHUMB_DATA, or those of a benchmark's options file "
        "(default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="default: results/ablation/NAME of the data")
    parser.add_argument(
        "--rates",
        nargs="+",
        type=float,
        default=RATES,
        metavar="BPP",
        help=f"rates to measure (default: {' '.join(map(str, RATES))})",
    )
    parser.add_argument(
        "--target_bpp", type=float, metavar="BPP", help=f"rate for the comparison (default: {TARGET_BPP})"
    )
    parser.add_argument(
        "--force_yml", nargs="+", default=[], metavar="a:b=c", help="set an option of all trainings, such as "
        "train:total_iter=20000",
    )  # fmt: skip
    parser.add_argument(
        "--seeds", nargs="+", type=int, default=[], metavar="N", help="train every file with each of these seeds, and "
        "compare the means (default: the files' own seed)",
    )  # fmt: skip
    parser.add_argument(
        "--max_minutes", type=float, metavar="M", help="stop the trainings with a checkpoint before M minutes"
    )
    return parser.parse_args(arguments)


def ablate(words: argparse.Namespace, started: float) -> int:
    """Checks everything, trains and measures; returns the exit code.

    Raises:
        HyperthumbError: if a check fails, before anything is trained.
    """
    if words.max_minutes is not None and words.max_minutes <= 0:
        raise HyperthumbError("--max_minutes must be above 0")
    files = words.files or default_files()
    forces = {seed: forced_by(seed, open_runs(files, words.force_yml)[0], words.force_yml) for seed in words.seeds}
    forces = forces or {None: words.force_yml}
    runs = {seed: open_runs(files, force) for seed, force in forces.items()}
    benchmark = open_benchmark(words, next(iter(runs.values())))
    deadline = None if words.max_minutes is None else started + 60 * words.max_minutes
    failed = False
    for seed, force in forces.items():
        if seed is not None:
            print(f"seed {seed}", file=sys.stderr)
        trained = train_all(runs[seed], ENTRY, force, deadline)
        failed |= bool(trained.failed)
        if trained.stopped_by is not None:
            return 128 + trained.stopped_by
        if trained.unfinished:
            print(f"stopped in time; the same command goes on with: {', '.join(trained.unfinished)}", file=sys.stderr)
            return 1 if failed else 0
    codes = [measure(benchmark_of(seed, runs[seed], benchmark, words.rates)) for seed in runs]
    if len(runs) > 1:
        report_means(benchmark, list(runs))
    return max(codes)


def forced_by(seed: int, run: Run, force: Sequence[str]) -> list[str]:
    """`--force_yml` of the trainings with a seed. Those with the files' own seed stay in the files' folder."""
    options = run.options
    if seed == options.manual_seed:
        return list(force)
    roots = {"experiments_root": options.path.experiments_root, "tb_root": options.path.tb_root}
    return [*force, f"manual_seed={seed}", *(f"path:{key}={root}_{seed}" for key, root in roots.items())]


def benchmark_of(
    seed: int | None, runs: Sequence[Run], benchmark: BenchmarkOptions, rates: Sequence[float]
) -> BenchmarkOptions:
    """The benchmark of finished trainings; those of a seed have a folder of their own."""
    rows = [row_of(run, benchmark, rates) for run in runs]
    if seed is None:
        return dataclasses.replace(benchmark, rows=rows)
    root = benchmark.results_root / benchmark.name
    return dataclasses.replace(benchmark, name=f"seed_{seed}", results_root=root, rows=rows)


def report_means(benchmark: BenchmarkOptions, seeds: Sequence[int | None]) -> None:
    """Writes means and spreads over the seeds, and the report that is made of them."""
    root = benchmark.results_root / benchmark.name
    means = mean_over_seeds([load_results(root / f"seed_{seed}") for seed in seeds], benchmark.name)
    save_results(root / FILE_NAME, means)
    write_report(root, means)
    print((root / "table.md").read_text(encoding="utf-8"))
    print(f"files: {root}: report.html, table.md, pictures.md and others are means over the seeds; seed_*: each seed's")


def default_files() -> list[Path]:
    files = sorted(Path("options/ablation").glob("*.yml"), key=lambda path: (path.name != FIRST, path.name))
    if not files:
        raise HyperthumbError(
            "there is no options/ablation/*.yml here; give options files, or run this in the repository's root"
        )
    return files


def open_benchmark(words: argparse.Namespace, runs: Sequence[Run]) -> BenchmarkOptions:
    """Reads the benchmark's options and checks its photographs. The rows are added later, from the trained models.

    Raises:
        HyperthumbError: if the data or the rates are invalid.
    """
    path = Path(words.data)
    options = load_benchmark_options(path) if path.suffix in (".yml", ".yaml") else options_for(words.data, runs[0])
    output: Path = words.output or Path("results/ablation") / options.name
    if output.exists() and not output.is_dir():
        raise HyperthumbError(f"--output must be a folder, but {output} is a file")
    target = options.target_bpp if words.target_bpp is None else words.target_bpp
    rates = words.rates
    if not all(0 < rate < float("inf") for rate in rates) or not min(rates) < target < max(rates):
        raise HyperthumbError(
            f"--rates must be above 0, with some below and some above the {target:g} bpp of the comparison, because "
            "results are not extrapolated"
        )
    for dataset in options.datasets.values():
        build_source(dataset.source, max_images=dataset.max_images)
    return dataclasses.replace(
        options,
        name=output.name,
        results_root=output.parent,
        target_bpp=target,
        anchor=runs[0].name,
        published=[],
    )


def options_for(word: str, run: Run) -> BenchmarkOptions:
    """Options for a benchmark of one folder of photographs, given as NAME or NAME=FOLDER."""
    name, equals, folder = word.partition("=")
    if not name.isidentifier() or (equals and not folder):
        raise HyperthumbError(f'--data must be NAME, NAME=FOLDER, or a benchmark\'s options file, not "{word}"')
    root = Path(folder) if folder else Path(os.environ.get("HYPERTHUMB_DATA") or "datasets") / name
    dataset = DatasetOptions(Component("HRImageDataset", {"dataroot_gt": str(root)}), name)
    return BenchmarkOptions(
        Path(__file__), name, run.options.scale, {name: dataset}, [], target_bpp=TARGET_BPP, device=run.options.device
    )


def row_of(run: Run, benchmark: BenchmarkOptions, rates: Sequence[float]) -> BenchmarkRow:
    """The row of a training, with the rate scales for the rates on the first data set if the training is finished."""
    row = BenchmarkRow(run.name, model=str(run.weights), obtained=f"trained by us: {run.spent}")
    if not run.finished:
        return row
    dataset = next(iter(benchmark.datasets.values()))
    source = build_source(dataset.source, max_images=dataset.max_images)
    try:
        scales = find_rate_scales(run.weights, source, rates, resolve_device(benchmark.device))
    except HyperthumbError:  # the benchmark reports the error
        return row
    return dataclasses.replace(row, rate_scales=scales)


if __name__ == "__main__":
    sys.exit(main())
