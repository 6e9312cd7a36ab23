"""Runs a benchmark: every row at every setting on every data set, past rows that fail, and only what is not on disk."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from tqdm import tqdm

from hyperthumb.base.environment import describe_device, describe_environment
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.baselines import Rescaler
from hyperthumb.config import BenchmarkOptions, BenchmarkRow
from hyperthumb.data import ImageSource, build_source
from hyperthumb.evaluation.evaluator import OutputFolder, evaluate_image
from hyperthumb.evaluation.lpips_column import open_lpips
from hyperthumb.metrics import MetricRow, accumulate, get_protocol
from hyperthumb.models.build import resolve_device

from .bench import Bench, TestSet, explain, open_set
from .identity import files_digest, library_versions
from .points import StoredRow
from .report.crops import find_details, restore_details
from .report.published import find_published
from .report.write import write_report
from .results import (
    FILE_NAME,
    FORMAT,
    BenchmarkResults,
    CurveResult,
    ImageScores,
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
                known = StoredRow(bench.device_name, _measure_image(rescaler, test_set.source, number, bench))
                stored.add(image, known, bench.facts[name])
                bench.computed += 1
            found.append(known)
            bench.progress.update()
        yield test_set, _summarize(subject.settings[index], found)


def _measure_image(rescaler: Rescaler[Any], source: ImageSource, number: int, bench: Bench) -> MetricRow:
    with tempfile.TemporaryDirectory() as temporary:
        folder = OutputFolder(Path(temporary), keep_restored=False)
        return evaluate_image(rescaler, source.load(number), bench.protocol, folder, bench.lpips).row


def _summarize(setting: str, stored: list[StoredRow]) -> PointResult:
    rows = [entry.row for entry in stored]
    ssim = [row.ssim for row in rows if row.ssim is not None]
    if len(ssim) < len(rows):
        small = ", ".join(row.image for row in rows if row.ssim is None)
        raise HyperthumbError(f"too small for SSIM, which a benchmark compares: {small}")
    mean = accumulate(rows)
    psnr_rgb, psnr_y = _column([row.psnr_rgb for row in rows], 4), _column([row.psnr_y for row in rows], 4)
    assert mean.psnr_rgb is not None  # the crop leaves nothing only where it leaves too little for SSIM
    assert mean.psnr_y is not None
    assert psnr_rgb is not None
    assert psnr_y is not None
    devices = list(dict.fromkeys(entry.device for entry in stored))

    def seconds(field_name: str) -> float:
        return round(statistics.median(getattr(row, field_name) for row in rows), 6)

    return PointResult(
        setting=setting,
        bpp=round(mean.bpp, 6),
        psnr_rgb=round(mean.psnr_rgb, 5),
        psnr_y=round(mean.psnr_y, 5),
        ssim=round(statistics.fmean(ssim), 6),
        lpips=None if mean.lpips is None else round(mean.lpips, 6),
        thumb_psnr=None if mean.thumb_psnr is None else round(mean.thumb_psnr, 5),
        seconds_encode=seconds("seconds_encode"),
        seconds_decode=seconds("seconds_decode"),
        seconds_downscale=seconds("seconds_downscale"),
        seconds_upscale=seconds("seconds_upscale"),
        device=" and ".join(devices),
        images=ImageScores(
            bytes=[row.bytes for row in rows],
            psnr_rgb=psnr_rgb,
            psnr_y=psnr_y,
            ssim=[round(value, 5) for value in ssim],
            lpips=_column([row.lpips for row in rows], 5),
            thumb_psnr=_column([row.thumb_psnr for row in rows], 4),
        ),
    )


def _column(values: list[float | None], digits: int) -> list[float] | None:
    known = [round(value, digits) for value in values if value is not None]
    return known if len(known) == len(values) else None
