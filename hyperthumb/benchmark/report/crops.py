"""Details that every row restored, at its point nearest to the target rate: what the report lets one look at.

Nearest is meant of the photograph that is shown: at one setting, a busy one takes twice the bytes of the set's mean.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.files import write_atomically
from hyperthumb.base.wording import did_you_mean
from hyperthumb.baselines import Rescaler
from hyperthumb.benchmark.bench import Bench, TestSet, explain
from hyperthumb.benchmark.results import CropResult, PointResult, RestoredCrop, RowResult
from hyperthumb.benchmark.subjects import Subject
from hyperthumb.benchmark.values import nearest_point
from hyperthumb.config import CropOptions
from hyperthumb.data import write_png
from hyperthumb.evaluation.comparison import busiest_box
from hyperthumb.evaluation.network_rescaler import NetworkThumbnail
from hyperthumb.metrics import QUALITY

DEFAULT_COUNT = 3
"""Photographs of the first data set that are shown when the options name none."""
_WIDTH, _HEIGHT = 192, 128

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Details:
    """A detail to be shown.

    Attributes:
        test_set: the data set.
        number: of the image in it.
        box: left, top, width, height in pixels of the photograph.
    """

    test_set: TestSet
    number: int
    box: Box

    @property
    def image(self) -> str:
        return self.test_set.info.images[self.number]

    def cut(self, picture: np.ndarray) -> np.ndarray:
        """The detail of an (H, W, 3) picture."""
        left, top, width, height = self.box
        return np.ascontiguousarray(picture[top : top + height, left : left + width])


def find_details(crops: Sequence[CropOptions] | None, sets: Sequence[TestSet]) -> list[Details]:
    """The details that the options ask for, or the busiest of the first photographs.

    Raises:
        HyperthumbError: for an image that is in no data set, or a box outside of it.
    """
    if crops is None:
        crops = [CropOptions(name) for name in sets[0].info.images[:DEFAULT_COUNT]]
    found = []
    for crop in crops:
        test_set = next((test_set for test_set in sets if crop.image in test_set.info.images), None)
        if test_set is None:
            known = [name for one in sets for name in one.info.images]
            raise HyperthumbError(f'crops: no data set has the image "{crop.image}"{did_you_mean(crop.image, known)}')
        number = test_set.info.images.index(crop.image)
        box = crop.box or _busiest(test_set, number)
        height, width = test_set.info.sizes[number]
        if box[0] + box[2] > width or box[1] + box[3] > height:
            raise HyperthumbError(f"crops: the box {list(box)} reaches beyond {crop.image} of {width}x{height} pixels")
        found.append(Details(test_set, number, box))
    return found


def restore_details(
    details: Sequence[Details], subjects: Mapping[str, tuple[Subject, RowResult]], target_bpp: float, bench: Bench
) -> tuple[list[CropResult], dict[str, str]]:
    """Writes `crops/*.png`, restoring what is not on disk yet.

    Returns:
        The crops, and of rows that failed at it, by name, the reason.
    """
    crops, lost = [], {}
    for detail in details:
        stem = _slug(f"{detail.test_set.info.name}_{detail.image}_{'_'.join(map(str, detail.box))}")
        original = Path("crops") / f"{stem}.png"
        write_png(bench.root / original, detail.cut(detail.test_set.source.load(detail.number).hr))
        restored = []
        for number, (name, (subject, row)) in enumerate(subjects.items()):
            if name in lost:
                continue
            try:
                file = Path("crops") / f"{stem}_{number:02d}_{_slug(name)}.png"
                restored.append(_restore(detail, name, subject, row, target_bpp, file, bench))
            except Exception as error:  # as in the runner: one rival's failure is its own
                lost[name] = explain(name, error)
        crops.append(CropResult(detail.test_set.info.name, detail.image, list(detail.box), str(original), restored))
    kept = {Path(file).name for crop in crops for file in (crop.original, *(one.file for one in crop.restored))}
    for path in (bench.root / "crops").glob("*.png"):
        if path.name not in kept:  # of rows or details of an earlier run
            path.unlink()
    return crops, lost


def _restore(
    detail: Details, name: str, subject: Subject, row: RowResult, target_bpp: float, file: Path, bench: Bench
) -> RestoredCrop:
    (curve,) = (curve for curve in row.curves if curve.dataset == detail.test_set.info.name)

    def rate(point: PointResult) -> float:
        return point.images[detail.number].bpp

    point = nearest_point(curve.points, target_bpp, rate)
    index = subject.settings.index(point.setting)
    cached = bench.stored(subject, index).crop(detail.test_set.digests[detail.number], detail.box)
    if not cached.is_file() or not cached.with_suffix(".json").is_file():
        hr = detail.test_set.source.load(detail.number).hr
        restored, tables = _through_file(subject.build(index), hr)
        write_png(cached, detail.cut(restored))
        write_atomically(cached.with_suffix(".json"), json.dumps(tables).encode())
        bench.computed += 1
    write_atomically(bench.root / file, cached.read_bytes())
    image = point.images[detail.number]
    return RestoredCrop(
        bpp=round(image.bpp, 6),
        **{name: getattr(image, name) for name in QUALITY},
        row=name,
        setting=point.setting,
        file=file.as_posix(),
        tables=json.loads(cached.with_suffix(".json").read_bytes()),
    )


def _through_file(rescaler: Rescaler[Any], hr: np.ndarray) -> tuple[np.ndarray, list[Any] | None]:
    """The restored photograph, and the tables of the file where it is one of our models'."""
    read = rescaler.read(rescaler.write(rescaler.downscale(hr)))
    tables = np.asarray(read.jpeg.tables)[:2].astype(int).tolist() if isinstance(read, NetworkThumbnail) else None
    return rescaler.upscale(read, *hr.shape[:2]), tables


def _busiest(test_set: TestSet, number: int) -> Box:
    box = busiest_box(test_set.source.load(number).hr, _WIDTH, _HEIGHT)
    return int(box.left), int(box.top), int(box.width), int(box.height)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
