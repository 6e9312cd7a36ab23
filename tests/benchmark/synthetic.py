"""Results as a benchmark would leave them, made up: two data sets, curves, a single point, a failure, two details."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hyperthumb.benchmark.results import (
    FORMAT,
    BenchmarkResults,
    CropResult,
    CurveResult,
    DatasetInfo,
    Facts,
    PointResult,
    RestoredCrop,
    RowResult,
)
from hyperthumb.metrics import ImageScores, Scores

HOSTILE = """</script><img src=x onerror="document.title='owned'">&amp; 'quoted' "twice\""""
"""A name that is markup wherever it is not escaped."""

SETS = ("kodak", "set14")
IMAGES, SIZES = ["kodim01", "kodim02"], [[512, 768], [512, 384]]
BOX = [8, 16, 96, 64]


def made_up_results(folder: Path) -> BenchmarkResults:
    """The results; the pictures of their details are written below `folder`."""
    codec = Facts("codec", 1, None, None, None)
    rows = [
        _row("JPEG", "measured", codec, [0.2, 0.25, 0.35, 0.5, 0.8, 1.2], 24.0, thumb=None),
        _row("Bicubic & JPEG & Bicubic", "measured", Facts("rescaler", 4, 0, 0.1, 0.1), [0.291], 25.14, thumb=37.4),
        _row(
            "Ours 4x", "ships with hyperthumb", Facts("rescaler", 4, 1_234_567, 50.5, 8.25),
            [0.15, 0.2, 0.26, 0.33, 0.45, 0.6], 28.0, thumb=36.1, weights="ab" * 32,
        ),
        _row(
            "Ours without rescaling", "ships with hyperthumb", Facts("rescaler", 1, 99, 1.0, 1.0),
            [0.4, 0.9], 30.0, thumb=45.0,
        ),
        RowResult(HOSTILE, HOSTILE, None, None, f"no weights at {HOSTILE}", []),
    ]  # fmt: skip
    return BenchmarkResults(
        format=FORMAT,
        name="made_up <4x>",
        scale=4,
        protocol="paper",
        crop=0,
        headline="psnr_rgb",
        target_bpp=0.3,
        anchor="JPEG",
        lpips=None,
        environment={"python": "3.11", "note": HOSTILE},
        published=["jpeg", "IRN & JPEG"],
        datasets=[DatasetInfo(name, IMAGES, SIZES, "cd" * 32) for name in SETS],
        rows=rows,
        crops=[_crop(folder, "kodim01", 1), _crop(folder, "kodim02", 2)],
    )


def with_scores(results: BenchmarkResults, **scores: float | None) -> BenchmarkResults:
    """The same results with other scores of every point."""
    rows = [
        dataclasses.replace(row, curves=[
            dataclasses.replace(curve, points=[dataclasses.replace(point, **scores) for point in curve.points])
            for curve in row.curves
        ])
        for row in results.rows
    ]  # fmt: skip
    return dataclasses.replace(results, rows=rows)


def made_up_plots(folder: Path) -> list[Path]:
    """Files as `write_plots` names them, with a square for a plot."""
    paths = [folder / f"{kind}_{name}.svg" for name in SETS for kind in ("rd", "thumb")]
    for path in paths:
        path.write_text(
            '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
            '<path id="rescalers-0" d="M0 0h9v9z"/><path id="codecs-1" d="M0 0h9v9z"/></svg>'
        )
    return [*paths, folder / "rd_kodak.png"]


def _row(
    name: str,
    obtained: str,
    facts: Facts,
    rates: Sequence[float],
    psnr: float,
    thumb: float | None,
    weights: str | None = None,
) -> RowResult:
    curves = [
        CurveResult(dataset, [_point(rate, psnr - number, thumb) for rate in rates])
        for number, dataset in enumerate(SETS)
    ]
    return RowResult(name, obtained, weights, facts, None, curves)


def _point(bpp: float, psnr: float, thumb: float | None) -> PointResult:
    psnr += 6 * float(np.log2(bpp / 0.3))
    scores: dict[str, Any] = {"psnr_rgb": psnr, "psnr_y": psnr + 1.5, "ssim": 0.8, "thumb_psnr": thumb}
    size = round(bpp * 49152)
    images = [
        ImageScores(image=name, height=h, width=w, bytes=size, bpp=8 * size / (h * w), **scores)
        for name, (h, w) in zip(IMAGES, SIZES, strict=True)
    ]
    return PointResult(
        setting=f"quality={round(100 * bpp)}",
        bpp=bpp,
        **scores,
        seconds_encode=0.25,
        seconds_decode=0.125,
        seconds_downscale=0.2,
        seconds_upscale=0.1,
        device="a processor, 1 thread(s)",
        images=images,
    )


def _crop(folder: Path, image: str, seed: int) -> CropResult:
    down, across = np.mgrid[: BOX[3], : BOX[2]]
    waves = 128 + 60 * np.sin(across / (3 + seed)) + 50 * np.cos(down * across / 300)
    original = np.stack([waves, waves[::-1], 255 - waves], axis=2).clip(0, 255).astype(np.uint8)
    frequencies = np.add.outer(np.arange(8), np.arange(8))
    tables = [np.minimum(255, seed * 2 + frequencies**2 * weight).astype(int).tolist() for weight in (1, 3)]
    _save(folder / "crops" / f"{image}.png", original)
    restored = []
    for number, name in enumerate(("JPEG", "Ours 4x")):
        file = f"crops/{image}_{number}.png"
        step = (48, 8)[number]
        _save(folder / file, original // step * step)
        ours = tables if number else None
        scores = Scores(bpp=0.25 + 0.1 * number, psnr_rgb=24.5 + number)
        restored.append(RestoredCrop(**vars(scores), row=name, setting=f"quality={number}", file=file, tables=ours))
    return CropResult("kodak", image, BOX, f"crops/{image}.png", restored)


def _save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(path)
