"""What models reached on a dataset, as a file that is kept: results/zoo/<dataset>.json.

    {"dataset": "kodak", "rows": [{"model": "lite_4x", "rate_scale": 1.0, "refine": 0, ..., "per_image": {...}}]}

A row a model, rate scale and number of refinement's steps, with every image's numbers, from which the row's means can
be computed again.
"""

from __future__ import annotations

import dataclasses
import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.files import pretty_json, write_atomically
from hyperthumb.metrics import ImageScores


@dataclass(frozen=True)
class PerImage:
    """Every image's numbers, a list for each kind, all in the order of `image`.

    Attributes:
        image: names.
        pixels: H * W.
        bytes: of the file that was written and read back.
        bytes_default: of a file of the same coefficients with the standard's Huffman tables.
        psnr_rgb: dB.
        psnr_y: dB.
        ssim: of the protocol's channels.
        thumb_psnr: dB of the thumbnail against the bicubic one.
        rate_estimate_bits: the rate model's; None without one.
    """

    image: list[str]
    pixels: list[int]
    bytes: list[int]
    bytes_default: list[int]
    psnr_rgb: list[float]
    psnr_y: list[float]
    ssim: list[float]
    thumb_psnr: list[float]
    rate_estimate_bits: list[float] | None


@dataclass(frozen=True)
class Means:
    """Means over the images of each image's number.

    Attributes:
        bpp: 8 * bytes / pixels.
        bpp_default: the same of `bytes_default`, as the paper counts.
        psnr_rgb: dB.
        psnr_y: dB.
        ssim: of the protocol's channels.
        thumb_psnr: dB.
        rate_estimate_bpp: what the rate model guesses; None without one.
    """

    bpp: float
    bpp_default: float
    psnr_rgb: float
    psnr_y: float
    ssim: float
    thumb_psnr: float
    rate_estimate_bpp: float | None


@dataclass(frozen=True)
class ModelResult(Means):
    """What one model reached at one rate scale, refined or not.

    Attributes:
        model: its name.
        model_id: hexadecimal, as thumbnails carry it.
        sha256: of its file.
        scale: of the network.
        rate_scale: multiplies the tables.
        refine: steps of refinement of each thumbnail.
        images: how many.
        protocol: "paper" or "sr".
        profile: of the files that `bpp` counts.
        seconds_decode: median, from a file's bytes to the restored picture.
        device: what it ran on.
        versions: package to version.
        command: measures it again.
        per_image: what the means are of.
    """

    model: str
    model_id: str
    sha256: str
    scale: int
    rate_scale: float
    refine: int
    images: int
    protocol: str
    profile: str
    seconds_decode: float
    device: str
    versions: Mapping[str, str]
    command: str
    per_image: PerImage


def collect(rows: Sequence[ImageScores], bytes_default: Sequence[int]) -> PerImage:
    """Columns out of rows; decibels to four digits, SSIM to six: more than any of them means.

    Args:
        rows: an image each, with the thumbnail's PSNR.
        bytes_default: see `PerImage`, in the same order.
    """
    bits = [row.rate_estimate_bpp * row.height * row.width for row in rows if row.rate_estimate_bpp is not None]
    return PerImage(
        image=[row.image for row in rows],
        pixels=[row.height * row.width for row in rows],
        bytes=[row.bytes for row in rows],
        bytes_default=list(bytes_default),
        psnr_rgb=[round(_known(row.psnr_rgb, "PSNR", row), 4) for row in rows],
        psnr_y=[round(_known(row.psnr_y, "PSNR", row), 4) for row in rows],
        ssim=[round(_known(row.ssim, "SSIM", row), 6) for row in rows],
        thumb_psnr=[round(row.thumb_psnr, 4) for row in rows if row.thumb_psnr is not None],
        rate_estimate_bits=[round(value, 1) for value in bits] if len(bits) == len(rows) else None,
    )


def _known(value: float | None, metric: str, row: ImageScores) -> float:
    if value is None:
        raise HyperthumbError(
            f"{row.image}: {row.width}x{row.height} is too small for {metric}; leave it out of the set"
        )
    return value


def average(images: PerImage) -> Means:
    """The means of a row, to six digits."""

    def bpp(bits: Iterable[float]) -> float:
        return _mean(count / pixels for count, pixels in zip(bits, images.pixels, strict=True))

    return Means(
        bpp=bpp(8 * count for count in images.bytes),
        bpp_default=bpp(8 * count for count in images.bytes_default),
        psnr_rgb=_mean(images.psnr_rgb),
        psnr_y=_mean(images.psnr_y),
        ssim=_mean(images.ssim),
        thumb_psnr=_mean(images.thumb_psnr),
        rate_estimate_bpp=None if images.rate_estimate_bits is None else bpp(images.rate_estimate_bits),
    )


def merge(old: Sequence[ModelResult], new: Sequence[ModelResult]) -> list[ModelResult]:
    """The new rows, and the old ones that they do not replace, by model, rate scale and refinement.

    What was measured with another file of a model that is measured now is dropped: that model is no more.
    """
    files = {row.model: row.sha256 for row in new}
    current = [row for row in old if files.get(row.model, row.sha256) == row.sha256]
    kept = {(row.model, row.rate_scale, row.refine): row for row in [*current, *new]}
    return [kept[key] for key in sorted(kept)]


def write_results(path: Path, rows: Sequence[ModelResult]) -> None:
    """Writes `<dataset>.json`, whole or not at all, each list of numbers on a line of its own.

    Raises:
        HyperthumbError: when it cannot be written.
    """
    # People look for the model first.
    first = ("model", "rate_scale", "refine")
    plain = [{name: getattr(row, name) for name in first} | dataclasses.asdict(row) for row in rows]
    content = {"dataset": path.stem, "rows": plain}
    write_atomically(path, (pretty_json(content) + "\n").encode())


def read_results(path: Path) -> list[ModelResult]:
    """The rows of a file that `write_results` wrote; none of one that does not exist.

    Raises:
        HyperthumbError: for any other file.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
        return [ModelResult(**{"refine": 0, **row, "per_image": PerImage(**row["per_image"])}) for row in rows]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HyperthumbError(f"{path} holds no results of models: {error}") from error


def format_markdown(results: Mapping[str, Sequence[ModelResult]]) -> str:
    """A table of the rows of all datasets, by name, for a README; "-" where nothing was measured."""
    lines = [
        "| model | set | images | rate scale | refine | bpp | bpp, default Huffman | estimate, bpp | PSNR-RGB "
        "| PSNR-Y | SSIM | thumbnail PSNR | decode, s |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for dataset, rows in results.items():
        for row in rows:
            estimate = "-" if row.rate_estimate_bpp is None else f"{row.rate_estimate_bpp:.3f}"
            numbers = (
                f"{row.images} | {row.rate_scale:g} | {row.refine} | {row.bpp:.3f} | {row.bpp_default:.3f} | "
                f"{estimate} | {row.psnr_rgb:.2f} | {row.psnr_y:.2f} | {row.ssim:.4f} | {row.thumb_psnr:.2f} | "
                f"{row.seconds_decode:.2f}"
            )
            lines.append(f"| {row.model} | {dataset} | {numbers} |")
    return "\n".join(lines) + "\n"


def _mean(values: Iterable[float]) -> float:
    return round(statistics.fmean(values), 6)
