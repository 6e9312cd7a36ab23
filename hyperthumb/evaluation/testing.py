"""A test run: every method of an options file on every dataset."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from tqdm import tqdm

from hyperthumb.base.errors import OptionsError
from hyperthumb.base.files import write_atomically
from hyperthumb.base.registry import BASELINES
from hyperthumb.baselines import BicubicJpeg, Rescaler
from hyperthumb.codec.models import open_model, weights_file
from hyperthumb.config import EvaluationOptions
from hyperthumb.data import build_source
from hyperthumb.metrics import ImageScores, get_protocol
from hyperthumb.models.build import build_network, load_pretrained, resolve_device
from hyperthumb.models.weights import sha256_of
from hyperthumb.models.zoo import find_model

from .comparison import ComparisonItem, write_comparison
from .evaluator import Measured, OutputFolder, evaluate_image
from .lpips_column import open_lpips
from .metrics_files import MethodResult, format_table, write_metrics_csv, write_metrics_json
from .network_rescaler import NetworkRescaler

COMPARED_IMAGES = 3
"""Rows of the comparison picture: the first images of the first dataset."""


class Method(NamedTuple):
    """What is measured, with the weights that it came from."""

    rescaler: Rescaler[Any]
    folder: str
    checkpoint: Path | None


def test(options: EvaluationOptions) -> list[MethodResult]:
    """Measures everything, writes `results/<name>/...`, prints the table.

    Files: `<dataset>/{thumbnails,restored}`, `metrics.csv`, `metrics.json` for the network, the same under
    `<dataset>/<baseline>/` for each baseline; `table.md`; `comparison.png` where the options ask for it.

    Raises:
        HyperthumbError: for a mistake that the user can correct.
    """
    device = resolve_device(options.device)
    protocol = get_protocol(options.val.protocol, options.scale)
    lpips = open_lpips(options.val.lpips, device.type, "val.lpips")
    methods = list(_methods(options, device))
    if not methods:
        raise OptionsError(f"{options.source}: nothing to measure; give a model, a network_g or baselines")
    root = options.path.results_root / options.name
    results: list[MethodResult] = []
    compared: list[ComparisonItem] = []
    for key, dataset in options.datasets.items():
        name = dataset.name or key
        source = build_source(dataset.source, dataset.max_images, dataset.skips_at_most)
        for method in methods:
            folder = OutputFolder(root / name / method.folder, options.val.save_img)
            label = f"{method.rescaler.name} on {name}"
            images: list[ImageScores] = []
            for index in tqdm(range(len(source)), desc=label, unit="image", disable=not sys.stderr.isatty()):
                measured = evaluate_image(method.rescaler, source.load(index), protocol, folder, lpips)
                images.append(measured.scores)
                if options.comparison and method.rescaler.profile and len(compared) < COMPARED_IMAGES:
                    compared.append(_compare(measured, options.scale))
            result = MethodResult(
                method.rescaler.name,
                name,
                protocol,
                images,
                checkpoint=str(method.checkpoint) if method.checkpoint else None,
                checkpoint_sha256=sha256_of(method.checkpoint) if method.checkpoint else None,
                device=torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
                profile=method.rescaler.profile,
                lpips=lpips.net if lpips is not None else None,
            )
            write_metrics_csv(folder.root / "metrics.csv", images)
            write_metrics_json(folder.root / "metrics.json", result)
            results.append(result)
    table = format_table(results)
    write_atomically(root / "table.md", table.encode())
    print(table)
    if compared:
        write_comparison(root / "comparison.png", compared, protocol)
        print(f"comparison: {root / 'comparison.png'}")
    for key, dataset in options.datasets.items():
        print(f"files: {root / (dataset.name or key)}: thumbnails/*.jpg, restored/*.png, metrics.csv, metrics.json")
    return results


def _model(options: EvaluationOptions, name: str, device: torch.device) -> Method:
    path = find_model(name)
    model = open_model(path)
    if model.scale != options.scale:
        raise OptionsError(
            f"model {name}: its scale is {model.scale}, but the options' is {options.scale}; add --force_yml "
            f"scale={model.scale}, or name options of its scale"
        )
    val = options.val
    rescaler = NetworkRescaler.of_model(model, device, val.profile, val.rate_scale, val.refine)
    return Method(rescaler, "", weights_file(path))


def _methods(options: EvaluationOptions, device: torch.device) -> Iterator[Method]:
    if options.model is not None:
        yield _model(options, options.model, device)
    if options.network_g is not None:
        network = build_network(options.network_g, options.scale)
        path = options.path.pretrain_network_g
        if path is None:
            raise OptionsError(f"{options.source}: path.pretrain_network_g names no weights to test")
        load_pretrained(network, path, options.path.param_key_g, options.path.strict_load_g)
        name, val = options.network_g.type, options.val
        yield Method(NetworkRescaler(network.to(device), name, val.profile, val.rate_scale, val.refine), "", path)
    taken: set[str] = set()
    for component in options.baselines:
        baseline = component.build(BASELINES, scale=options.scale, device=options.device)
        slug = re.sub(r"[^a-z0-9]+", "_", baseline.name.lower()).strip("_")
        if slug in taken:
            raise OptionsError(f'{component.location}: two baselines are named "{baseline.name}"')
        taken.add(slug)
        yield Method(baseline, slug, baseline.checkpoint)


def _compare(measured: Measured, scale: int) -> ComparisonItem:
    """One image with the bicubic enlargement of the same file beside it."""
    assert measured.thumbnail is not None, "a network has a thumbnail"
    height, width = measured.original.shape[:2]
    bicubic = BicubicJpeg(scale).upscale(measured.thumbnail, height, width)
    return ComparisonItem(
        measured.scores.image, measured.original, measured.thumbnail, measured.restored, bicubic, measured.scores.bytes
    )
