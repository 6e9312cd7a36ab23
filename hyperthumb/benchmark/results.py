"""What a benchmark found, in one file: `results.json`. Every table, plot and report is made from it."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Literal, TypeVar

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.files import pretty_json, write_atomically
from hyperthumb.metrics import QUALITY, SECONDS, ImageScores, Scores, bits_per_pixel

FORMAT = 1
FILE_NAME = "results.json"

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class PointResult(Scores):
    """A method at one setting on one data set; PSNR and SSIM are always measured.

    Attributes:
        setting: what was set, such as "quality=96"; empty for a method without a sweep.
        device: what it ran on.
        spread: standard deviations of scores over the seeds whose mean this is; None for one training.
        images: the scores of each image, in the order of `DatasetInfo.images`, without times.
    """

    setting: str
    device: str
    images: list[ImageScores]
    spread: dict[str, float] | None = None

    @property
    def is_timed(self) -> bool:
        return any(getattr(self, name) is not None for name in SECONDS)


@dataclass(frozen=True)
class CurveResult:
    """A method on one data set; its points by rising rate."""

    dataset: str
    points: list[PointResult]


@dataclass(frozen=True)
class Facts:
    """Properties of a method that do not depend on the data set; None where one does not apply.

    Attributes:
        kind: `rescaler` has a thumbnail, `codec` is a file at full size.
        scale: how many times smaller than the photograph the thumbnail is.
        parameters: how many numbers the network was trained in.
        kmacs_encode: thousands of multiply-adds for an HR pixel, photograph to coefficients.
        kmacs_decode: the same, coefficients to photograph.
    """

    kind: Literal["rescaler", "codec"]
    scale: int
    parameters: int | None
    kmacs_encode: float | None
    kmacs_decode: float | None


@dataclass(frozen=True)
class RowResult:
    """One row of the table.

    Attributes:
        obtained: how its numbers were obtained, as its options say.
        weights_sha256: of the file of its weights; None for a method without.
        facts: None when it failed before they were known.
        failure: why it failed; None when it did not.
        curves: one for each data set. A row that failed has the points that were finished.
    """

    name: str
    obtained: str
    weights_sha256: str | None
    facts: Facts | None
    failure: str | None
    curves: list[CurveResult]


@dataclass(frozen=True)
class DatasetInfo:
    """A data set: names and sizes [H, W] of its images, and the digest of all their pixels."""

    name: str
    images: list[str]
    sizes: list[list[int]]
    sha256: str


@dataclass(frozen=True, kw_only=True)
class RestoredCrop(Scores):
    """A detail as one row restored it, at the point at which this image's rate is nearest to the target.

    Attributes:
        setting: of the point.
        file: the PNG, relative to `results.json`.
        tables: [2][8][8] quantization tables of this image's file (Y; Cb and Cr), natural order, of our models.
    """

    row: str
    setting: str
    file: str
    tables: list[list[list[int]]] | None


@dataclass(frozen=True)
class CropResult:
    """A detail of one image. The box is left, top, width, height in pixels; files are relative to `results.json`."""

    dataset: str
    image: str
    box: list[int]
    original: str
    restored: list[RestoredCrop]


@dataclass(frozen=True)
class BenchmarkResults:
    """All that a benchmark found.

    Attributes:
        scale: that its methods were given.
        crop: pixels that the protocol leaves out at each border.
        headline: the PSNR that methods are compared by, as the protocol wants.
        target_bpp: the rate that they are compared at.
        anchor: the row that BD-rates refer to.
        lpips: its backbone; None when it was not measured.
        environment: versions and machine of the last run; each point says its own device.
        published: names of the published figures to show beside.
    """

    format: int
    name: str
    scale: int
    protocol: str
    crop: int
    headline: Literal["psnr_rgb", "psnr_y"]
    target_bpp: float
    anchor: str | None
    lpips: str | None
    environment: dict[str, str]
    published: list[str]
    datasets: list[DatasetInfo]
    rows: list[RowResult]
    crops: list[CropResult]

    @property
    def devices(self) -> list[str]:
        """The devices that times were taken on, sorted."""
        points = (point for row in self.rows for curve in row.curves for point in curve.points)
        return sorted({point.device for point in points if point.is_timed})


def nearest_point(points: Sequence[PointResult], target_bpp: float, image: int | None = None) -> PointResult:
    """The point with the rate nearest to the target, as a ratio; there must be at least one.

    With `image`, the rate of the image of this number counts instead of the data set's mean.
    """
    rates = [point.bpp if image is None else point.images[image].bpp for point in points]
    return points[min(range(len(points)), key=lambda index: abs(math.log(rates[index] / target_bpp)))]


def save_results(path: Path, results: BenchmarkResults) -> None:
    """Writes `results.json`, whole or not at all. The images' scores are columns, each list of numbers on one line,
    or null where some image lacks the score.

    Raises:
        HyperthumbError: when it cannot be written.
    """
    content = dataclasses.asdict(results)
    for point, _ in _points(content):
        columns = {name: [image[name] for image in point["images"]] for name in ("bytes", *QUALITY)}
        point["images"] = {name: None if None in values else values for name, values in columns.items()}
        if point["spread"] is None:
            del point["spread"]
    write_atomically(path, (pretty_json(content) + "\n").encode(), durable=True)


def load_results(path: Path) -> BenchmarkResults:
    """Reads what `save_results` wrote; `path` is the file or its folder.

    Raises:
        HyperthumbError: when it is missing, damaged, or of another version.
    """
    path = path / FILE_NAME if path.is_dir() else path
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise HyperthumbError(f"there are no results at {path}; `hyperthumb benchmark` makes them") from error
    except (OSError, ValueError) as error:
        raise HyperthumbError(f"{path} cannot be read as results of a benchmark: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = content.get("format") if isinstance(content, dict) else None
        raise HyperthumbError(f"{path} holds results of format {found}, not {FORMAT}; measure again")
    try:
        for point, info in _points(content):
            point["images"] = _from_columns(point["images"], info)
        results = from_plain(BenchmarkResults, content)
        _check(results)
        return results
    except (HyperthumbError, TypeError, KeyError, ValueError, AttributeError) as error:
        raise HyperthumbError(f"{path} does not hold the results of a benchmark: {error}") from error


def _points(content: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every point of results as plain values, with its data set's `DatasetInfo`."""
    sets = {info["name"]: info for info in content["datasets"]}
    for row in content["rows"]:
        for curve in row["curves"]:
            for point in curve["points"]:
                yield point, sets[curve["dataset"]]


def _from_columns(columns: dict[str, Any], info: dict[str, Any]) -> list[dict[str, Any]]:
    known = {name: values for name, values in columns.items() if values is not None}
    places = zip(info["images"], info["sizes"], columns["bytes"] or [], strict=True)
    images = [
        {"image": image, "height": height, "width": width, "bpp": bits_per_pixel(size, height, width)}
        for image, (height, width), size in places
    ]
    rows = zip(*known.values(), strict=True)
    return [{**image, **dict(zip(known, row, strict=True))} for image, row in zip(images, rows, strict=True)]


def _check(results: BenchmarkResults) -> None:
    """Checks what a report relies on.

    It writes plots by the names of data sets and shows pictures: both in the folder of the results. It draws curves
    over the logarithm of their rates, and JSON as Python reads it may hold NaN.
    """
    for info in results.datasets:
        if not info.name or info.name != PurePath(info.name).name or not info.name.isprintable():
            raise TypeError(f"{info.name!r:.60} cannot name a data set: it becomes part of file names")
    for crop in results.crops:
        for file in (crop.original, *(one.file for one in crop.restored)):
            if PurePath(file).is_absolute() or ".." in PurePath(file).parts:
                raise TypeError(f"{file!r:.60} leads out of the folder")

    points = [point for row in results.rows for curve in row.curves for point in curve.points]
    if not all(0 < rate < math.inf for rate in (results.target_bpp, *(point.bpp for point in points))):
        raise TypeError("a rate is not above 0")
    scores = [score for point in points for score in (point.psnr_rgb, point.psnr_y, point.ssim)]
    if not all(score is not None and math.isfinite(score) for score in scores):
        raise TypeError("a score is not a number")
    if results.anchor is not None and results.anchor not in [row.name for row in results.rows]:
        raise TypeError(f"the anchor, {results.anchor!r:.60}, is not one of the rows")


def from_plain(cls: type[T], value: Any) -> T:
    """A dataclass from the dicts and lists that `dataclasses.asdict` made of it.

    Raises:
        TypeError: for another structure.
    """
    from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

    strict = with_config(ConfigDict(strict=True, extra="forbid"))(cls)
    try:
        return TypeAdapter(strict).validate_json(json.dumps(value))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise TypeError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
