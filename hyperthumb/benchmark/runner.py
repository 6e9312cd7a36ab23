"""Runs a benchmark: every row at every setting on every data set, past rows that fail, and only what is not on disk."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Any

from tqdm import tqdm

from hyperthumb.base.environment import describe_device, describe_environment
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.baselines import Rescaler
from hyperthumb.config import BenchmarkOptions, BenchmarkRow
from hyperthumb.data import build_source
from hyperthumb.evaluation.evaluator import evaluate_image
from hyperthumb.evaluation.lpips_column import open_lpips
from hyperthumb.metrics import SECONDS, Scores, get_protocol, mean_scores
from hyperthumb.models.build import resolve_device

from .bench import Bench, TestSet, explain, open_set
from .identity import files_digest, library_versions
from .points import StoredImage
from .report.crops import find_details, restore_details
from .report.published import find_published
from .report.write import write_report
from .results import (
    FILE_NAME,
    FORMAT,
    BenchmarkResults,
    CurveResult,
    PointResult,
    RowResult,
    save_results,
)
from .subjects import Subject, describe, open_subject


def run_benchmark(options: BenchmarkOptions) -> BenchmarkResults:
    """Measures, and writes tables, plots and `results.json` into `<results_root>/<name>/`.

    A row that fails is named on standard error, with its reason, and stands as failed in the results.

    Raises:
        HyperthumbError: for anything that concerns all rows.
    """
    for dataset in options.datasets.values():
        find_published(options.published, dataset.name)
    bench = _prepare(options)
    details = find_details(options.crops, bench.sets)
    rows, subjects = [], {}
    with bench.progress:
        for row in options.rows:
            subject, result = _measure_row(row, options.scale, bench)
            rows.append(result)
            if subject is not None and result.failure is None:
                subjects[row.name] = (subject, result)
    crops, lost = restore_details(details, subjects, options.target_bpp, bench)
    rows = [_failed(row, lost[row.name]) if row.name in lost else row for row in rows]
    results = BenchmarkResults(
        format=FORMAT,
        name=options.name,
        scale=options.scale,
        protocol=bench.protocol.name,
        crop=bench.protocol.crop,
        headline="psnr_rgb" if bench.protocol.channels == "RGB" else "psnr_y",
        target_bpp=options.target_bpp,
        anchor=options.anchor,
        lpips=options.lpips.net if options.lpips is not None and bench.lpips is not None else None,
        environment={**describe_environment(), **library_versions(network=True), "device": bench.device_name},
        published=options.published,
        datasets=[test_set.info for test_set in bench.sets],
        rows=rows,
        crops=crops,
    )
    save_results(bench.root / FILE_NAME, results)
    write_report(bench.root, results)
    return results


def _prepare(options: BenchmarkOptions) -> Bench:
    device = resolve_device(options.device)
    lpips = open_lpips(options.lpips, device.type)
    lpips_identity = None
    if lpips is not None and options.lpips is not None:
        weights = options.lpips.backbone_weights
        lpips_identity = [options.lpips.net, files_digest([weights] if weights else []), metadata.version("lpips")]
    sets = [
        open_set(dataset.name, build_source(dataset.source, dataset.max_images, dataset.skips_at_most))
        for dataset in options.datasets.values()
    ]
    points = sum(len(row.rate_scales) or max(1, *map(len, row.sweep.values()), 0) for row in options.rows)
    progress: tqdm[Any] = tqdm(
        total=points * sum(len(test_set.digests) for test_set in sets), unit="image", disable=not sys.stderr.isatty()
    )
    return Bench(
        root=options.results_root / options.name,
        protocol=get_protocol(options.protocol, options.scale),
        lpips=lpips,
        lpips_identity=lpips_identity,
        device=device,
        device_name=describe_device(device),
        sets=sets,
        progress=progress,
    )


def _measure_row(row: BenchmarkRow, scale: int, bench: Bench) -> tuple[Subject | None, RowResult]:
    """All points of a row; what was finished of one that fails is kept."""
    subject: Subject | None = None
    weights: str | None = None
    curves = {test_set.info.name: CurveResult(test_set.info.name, []) for test_set in bench.sets}
    failure = None
    try:
        subject = open_subject(row, scale, bench.device)
        weights = subject.weights_sha256
        for index, setting in enumerate(subject.settings):
            bench.progress.set_description(f"{row.name} {setting}".strip())
            for test_set, point in _measure_point(row.name, subject, index, bench):
                curves[test_set.info.name].points.append(point)
    except Exception as error:  # a rival's code, or a user's, may raise anything; the others still count
        failure = explain(row.name, error)
    sorted_curves = [
        CurveResult(curve.dataset, sorted(curve.points, key=lambda point: point.bpp)) for curve in curves.values()
    ]
    return subject, RowResult(row.name, row.obtained, weights, bench.facts.get(row.name), failure, sorted_curves)


def _failed(row: RowResult, reason: str) -> RowResult:
    return RowResult(row.name, row.obtained, row.weights_sha256, row.facts, reason, row.curves)


def _measure_point(name: str, subject: Subject, index: int, bench: Bench) -> Iterator[tuple[TestSet, PointResult]]:
    stored = bench.stored(subject, index)
    if stored.facts is not None:
        bench.facts[name] = stored.facts
    rescaler: Rescaler[Any] | None = None
    for test_set in bench.sets:
        found = []
        for number, image in enumerate(test_set.digests):
            known = stored.find(image)
            if known is None:
                if rescaler is None:
                    rescaler = subject.build(index)
                    if name not in bench.facts:
                        bench.facts[name] = describe(rescaler)
                pair = test_set.source.load(number)
                measured = evaluate_image(rescaler, pair, bench.protocol, lpips=bench.lpips)
                known = StoredImage(bench.device_name, measured.scores)
                stored.add(image, known, bench.facts[name])
                bench.computed += 1
            found.append(known)
            bench.progress.update()
        yield test_set, _summarize(subject.settings[index], found)


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
