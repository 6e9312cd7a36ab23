"""Details that every row restored, for the report to show side by side.

Each row is shown at the setting at which the photograph's own rate is nearest to the target: at one setting, a busy
photograph takes twice the bytes of the set's mean.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.files import write_atomically
from hyperthumb.base.wording import did_you_mean
from hyperthumb.baselines import Rescaler
from hyperthumb.config import CropOptions
from hyperthumb.data import write_png
from hyperthumb.evaluation.comparison import busiest_box
from hyperthumb.evaluation.network_rescaler import NetworkThumbnail
from hyperthumb.metrics import QUALITY

from .bench import Bench, Photographs, explain
from .results import CropResult, RestoredCrop, RowResult, nearest_point
from .subjects import Subject

DEFAULT_COUNT = 3
"""Photographs of the first data set that are shown when the options name none."""
_WIDTH, _HEIGHT = 192, 128

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Detail:
    """The detail `box` (left, top, width, height in pixels) of photograph `number` of a data set."""

    photographs: Photographs
    number: int
    box: Box

    @property
    def image(self) -> str:
        return self.photographs.info.images[self.number]

    def load(self) -> np.ndarray:
        """The whole photograph."""
        return self.photographs.source.load(self.number).hr

    def cut(self, picture: np.ndarray) -> np.ndarray:
        """The detail of an (H, W, 3) picture."""
        left, top, width, height = self.box
        return np.ascontiguousarray(picture[top : top + height, left : left + width])


def find_details(crops: Sequence[CropOptions] | None, sets: Sequence[Photographs]) -> list[Detail]:
    """The details that the options ask for, or the busiest ones of the first photographs.

    Raises:
        HyperthumbError: for an image that is in no data set, or a box that reaches beyond it.
    """
    if crops is None:
        crops = [CropOptions(name) for name in sets[0].info.images[:DEFAULT_COUNT]]
    found = []
    for crop in crops:
        photographs = next((one for one in sets if crop.image in one.info.images), None)
        if photographs is None:
            known = [name for one in sets for name in one.info.images]
            hint = did_you_mean(crop.image, known) or "; `crops: ~` shows details of the first photographs instead"
            raise HyperthumbError(f'crops: no data set has the image "{crop.image}"{hint}')
        number = photographs.info.images.index(crop.image)
        box = crop.box or busiest_box(photographs.source.load(number).hr, _WIDTH, _HEIGHT)
        height, width = photographs.info.sizes[number]
        if box[0] + box[2] > width or box[1] + box[3] > height:
            raise HyperthumbError(f"crops: the box {list(box)} reaches beyond {crop.image} of {width}x{height} pixels")
        found.append(Detail(photographs, number, box))
    return found


def restore_details(
    details: Sequence[Detail],
    rows: Sequence[RowResult],
    subjects: Mapping[str, Subject],
    target_bpp: float,
    bench: Bench,
    before: Sequence[CropResult] = (),
) -> tuple[list[CropResult], dict[str, str]]:
    """Writes `crops/*.png`, restoring what is not on disk yet.

    Args:
        details: to show.
        rows: of the results, in this order.
        subjects: by name, of the rows that were measured now and did not fail.
        target_bpp: the rate at which each row is shown.
        bench: what the rows share.
        before: crops of an earlier run, for the other rows.

    Returns:
        The crops, and the reasons why rows failed at them, by the rows' names.
    """
    crops, lost = [], {}
    places = [(detail.photographs.info.name, detail.image, list(detail.box)) for detail in details]
    for detail, place, stem in zip(details, places, file_stems(places), strict=True):
        original = Path("crops") / f"{stem}.png"
        write_png(bench.root / original, detail.cut(detail.load()))
        same = [crop for crop in before if (crop.dataset, crop.image, crop.box) == place]
        known = {one.row: one for crop in same for one in crop.restored}
        restored = []
        for number, row in enumerate(rows):
            if row.name in known and row.name not in subjects and row.failure is None:
                restored.append(known[row.name])
            if row.name not in subjects or row.name in lost:
                continue
            try:
                file = Path("crops") / f"{stem}_{number:02d}_{_slug(row.name)}.png"
                restored.append(_restore(detail, subjects[row.name], row, target_bpp, file, bench))
            except Exception as error:  # as in the runner: the other rows still count
                lost[row.name] = explain(row.name, error)
        crops.append(CropResult(*place, str(original), restored))
    kept = {Path(file).name for crop in crops for file in (crop.original, *(one.file for one in crop.restored))}
    for path in (bench.root / "crops").glob("*.png"):
        if path.name not in kept:  # of rows or details of an earlier run
            path.unlink()
    return crops, lost


def file_stems(places: Sequence[tuple[str, str, list[int]]]) -> list[str]:
    """Names for the files of details, all different: `kodak_kodim01_0_0_192_128`.

    Args:
        places: data set, image and box of each. Where letters that a name cannot have make two alike, as those of
            `a/1` and `a_1`, both get a checksum of their place.
    """
    slugs = [_slug(f"{dataset}_{image}_{'_'.join(map(str, box))}") for dataset, image, box in places]
    return [
        slug if slugs.count(slug) == 1 else f"{slug}_{zlib.crc32(repr(place).encode()):08x}"
        for slug, place in zip(slugs, places, strict=True)
    ]


def _restore(
    detail: Detail, subject: Subject, row: RowResult, target_bpp: float, file: Path, bench: Bench
) -> RestoredCrop:
    (curve,) = (curve for curve in row.curves if curve.dataset == detail.photographs.info.name)
    point = nearest_point(curve.points, target_bpp, detail.number)
    setting = next(setting for setting in subject.settings if setting.name == point.setting)
    cached = bench.stored(setting).crop(detail.photographs.digests[detail.number], detail.box)
    if not cached.is_file() or not cached.with_suffix(".json").is_file():
        restored, tables = _through_file(setting.build(), detail.load())
        write_png(cached, detail.cut(restored))
        write_atomically(cached.with_suffix(".json"), json.dumps(tables).encode())
    write_atomically(bench.root / file, cached.read_bytes())
    scores = point.images[detail.number]
    return RestoredCrop(
        bpp=round(scores.bpp, 6),
        **{name: getattr(scores, name) for name in QUALITY},
        row=row.name,
        setting=point.setting,
        file=file.as_posix(),
        tables=json.loads(cached.with_suffix(".json").read_bytes()),
    )


def _through_file(rescaler: Rescaler[Any], hr: np.ndarray) -> tuple[np.ndarray, list[Any] | None]:
    """The restored photograph, and the tables of the file where it is one of our models'."""
    read = rescaler.read(rescaler.write(rescaler.downscale(hr)))
    tables = np.asarray(read.jpeg.tables)[:2].astype(int).tolist() if isinstance(read, NetworkThumbnail) else None
    return rescaler.upscale(read, *hr.shape[:2]), tables


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
