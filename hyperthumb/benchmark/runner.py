"""Runs a benchmark: every row at every setting on every data set.

Rows that fail are listed; the others are still measured. Scores that are on disk are not measured again.
"""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from hyperthumb.base.environment import describe_environment
from hyperthumb.base.errors import HyperthumbError, OptionsError
from hyperthumb.base.wording import did_you_mean
from hyperthumb.baselines import Rescaler
from hyperthumb.config import BenchmarkOptions, BenchmarkRow
from hyperthumb.evaluation.evaluator import evaluate_image
from hyperthumb.metrics import SECONDS, Scores, mean_scores

from .bench import Bench, Photographs, explain, open_bench
from .crops import find_details, restore_details
from .identity import library_versions
from .points import StoredImage, StoredPoint
from .progress import Progress
from .results import (
    FILE_NAME,
    FORMAT,
    BenchmarkResults,
    CurveResult,
    Facts,
    PointResult,
    RowResult,
    load_results,
    save_results,
)
from .subjects import Subject, open_subject


def run_benchmark(options: BenchmarkOptions, only: Sequence[str] = ()) -> BenchmarkResults:
    """Measures, and writes `results.json` and the details' pictures into `<results_root>/<name>/`.

    A row that fails is reported on standard error with the reason, and stands as failed in the results.

    Args:
        options: of the benchmark.
        only: names of the rows to measure; the others stay as `results.json` has them, or are left out. Empty for all.

    Raises:
        HyperthumbError: for anything that concerns all rows.
    """
    names = [row.name for row in options.rows]
    for name in only:
        if name not in names:
            raise OptionsError(f'{options.source} has no row "{name}"{did_you_mean(name, names)}')
    bench = open_bench(options)
    details = find_details(options.crops, bench.sets)
    before = _results_on_disk(bench) if only else None
    kept = {row.name: row for row in before.rows if row.name not in only} if before else {}
    measured = [row for row in options.rows if not only or row.name in only]
    rows, subjects = _measure_rows(measured, options.scale, bench)
    rows = [row for one in options.rows for row in (*rows, *kept.values()) if row.name == one.name]
    crops, lost = restore_details(details, rows, subjects, options.target_bpp, bench, before.crops if before else [])
    rows = [dataclasses.replace(row, failure=lost.get(row.name, row.failure)) for row in rows]
    results = BenchmarkResults(
        format=FORMAT,
        name=options.name,
        scale=options.scale,
        protocol=bench.protocol.name,
        crop=bench.protocol.crop,
        headline="psnr_rgb" if bench.protocol.channels == "RGB" else "psnr_y",
        target_bpp=options.target_bpp,
        anchor=options.anchor if options.anchor in [row.name for row in rows] else None,
        lpips=options.lpips.net if options.lpips is not None and bench.lpips is not None else None,
        environment={**describe_environment(), **library_versions(network=True), "device": bench.device_name},
        published=options.published,
        datasets=[photographs.info for photographs in bench.sets],
        rows=rows,
        crops=crops,
    )
    save_results(bench.root / FILE_NAME, results)
    return results


def _results_on_disk(bench: Bench) -> BenchmarkResults | None:
    """What an earlier run found, for the rows that are not measured now.

    Raises:
        HyperthumbError: when it was measured on other photographs or with another protocol.
    """
    path = bench.root / FILE_NAME
    if not path.exists():
        return None
    before = load_results(path)
    if before.datasets != [photographs.info for photographs in bench.sets] or before.protocol != bench.protocol.name:
        raise HyperthumbError(f"{path} was measured on other photographs or with another protocol; run without --rows")
    return before


def _measure_rows(rows: Sequence[BenchmarkRow], scale: int, bench: Bench) -> tuple[list[RowResult], dict[str, Subject]]:
    """All rows, and by name those that did not fail, to restore details with."""
    images = sum(len(photographs.digests) for photographs in bench.sets)
    progress = Progress(images * sum(map(_count_settings, rows)))
    results, subjects, counted = [], {}, 0
    for row in rows:
        subject, result = _measure_row(row, scale, bench, progress)
        counted += images * _count_settings(row)
        progress.skip_to(counted)
        results.append(result)
        if subject is not None and result.failure is None:
            subjects[row.name] = subject
    progress.close()
    return results, subjects


def _count_settings(row: BenchmarkRow) -> int:
    return len(row.rate_scales) or max(1, *map(len, row.sweep.values()), 0)


def _measure_row(row: BenchmarkRow, scale: int, bench: Bench, progress: Progress) -> tuple[Subject | None, RowResult]:
    """All points of a row; those of a row that fails are kept as far as they were finished."""
    subject = facts = failure = None
    curves: dict[str, list[PointResult]] = {photographs.info.name: [] for photographs in bench.sets}
    try:
        subject = open_subject(row, scale, bench.device)
        for setting in subject.settings:
            stored = bench.stored(setting)
            rescaler = functools.cache(setting.build)
            for photographs in bench.sets:
                label = f"{row.name} {setting.name}".strip() + f" on {photographs.info.name}"
                progress.begin(label)
                point = _summarize(setting.name, _measure_images(stored, rescaler, photographs, bench, progress))
                progress.end(label, f"{point.bpp:.3f} bpp, {point.psnr_rgb:.2f} dB PSNR-RGB")
                curves[photographs.info.name].append(point)
                facts = stored.facts
    except Exception as error:  # a rival's code, or a user's, may raise anything; the others still count
        failure = explain(row.name, error)
    weights = subject.weights_sha256 if subject is not None else None
    rising = [CurveResult(name, sorted(points, key=lambda point: point.bpp)) for name, points in curves.items()]
    return subject, RowResult(row.name, row.obtained, weights, facts, failure, rising)


def _measure_images(
    stored: StoredPoint,
    rescaler: Callable[[], Rescaler[Any]],
    photographs: Photographs,
    bench: Bench,
    progress: Progress,
) -> list[StoredImage]:
    """The scores of a data set's photographs; `rescaler` is called only when one is not on disk."""
    found = []
    for number, image in enumerate(photographs.digests):
        known, seconds = stored.find(image), None
        if known is None:
            started = time.perf_counter()
            pair = photographs.source.load(number)
            measured = evaluate_image(rescaler(), pair, bench.protocol, lpips=bench.lpips)
            known = StoredImage(bench.device_name, measured.scores)
            stored.add(image, known, stored.facts or _facts(rescaler()))
            seconds = time.perf_counter() - started
        found.append(known)
        progress.count(seconds)
    return found


def _facts(rescaler: Rescaler[Any]) -> Facts:
    """Properties of a method that do not depend on the data set."""
    kind: Literal["codec", "rescaler"] = "rescaler" if rescaler.has_thumbnail else "codec"
    return Facts(kind, rescaler.scale, *(rescaler.complexity() or (None, None, None)))


def _summarize(setting: str, stored: list[StoredImage]) -> PointResult:
    images = [entry.scores for entry in stored]
    small = [image.image for image in images if None in (image.psnr_rgb, image.psnr_y, image.ssim)]
    if small:
        raise HyperthumbError(f"too small for PSNR and SSIM, which a benchmark compares: {', '.join(small)}")
    devices = list(dict.fromkeys(entry.device for entry in stored))
    without_times: dict[str, Any] = dict.fromkeys(SECONDS)
    return PointResult(
        **_rounded(mean_scores(images), _MEAN_DIGITS),
        setting=setting,
        device=" and ".join(devices),
        images=[dataclasses.replace(image, **_rounded(image, _IMAGE_DIGITS), **without_times) for image in images],
    )


_IMAGE_DIGITS = {"psnr_rgb": 4, "psnr_y": 4, "ssim": 5, "lpips": 5, "thumb_psnr": 4, "rate_estimate_bpp": 6}
_MEAN_DIGITS = {"psnr_rgb": 5, "psnr_y": 5, "ssim": 6, "lpips": 6, "thumb_psnr": 5, "rate_estimate_bpp": 6, "bpp": 6}
_MEAN_DIGITS |= dict.fromkeys(SECONDS, 6)
"""Decimals in `results.json`: more than are significant, few enough to read."""


def _rounded(scores: Scores, digits: Mapping[str, int]) -> dict[str, Any]:
    values = {name: getattr(scores, name) for name in digits}
    return {name: None if value is None else round(value, digits[name]) for name, value in values.items()}
