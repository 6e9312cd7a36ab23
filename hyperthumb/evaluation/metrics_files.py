"""The files of `run_test.py`: a CSV row for each image, a JSON file for each data set, and a table to read.

Every file is written whole or not at all.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hyperthumb.base.environment import package_versions
from hyperthumb.base.files import write_atomically
from hyperthumb.base.wording import markdown_table
from hyperthumb.metrics import QUALITY, ImageScores, Protocol, Scores, mean_scores

_COLUMNS = ("image", "height", "width", "bytes", *(field.name for field in dataclasses.fields(Scores)))


@dataclass(frozen=True)
class MethodResult:
    """What a method reached on a data set, and what is needed to repeat it.

    Attributes:
        method: its name.
        dataset: the data set's name.
        protocol: crop and channels.
        images: the scores of each image.
        checkpoint: the file of the network's weights; None for a method without one.
        checkpoint_sha256: hexadecimal digest of that file.
        device: what the network ran on, in words.
        profile: how our files are coded: a `Profile`; None for other methods.
        lpips: LPIPS' backbone, such as "alex"; None when it was not measured.
    """

    method: str
    dataset: str
    protocol: Protocol
    images: Sequence[ImageScores]
    checkpoint: str | None = None
    checkpoint_sha256: str | None = None
    device: str | None = None
    profile: str | None = None
    lpips: str | None = None

    @property
    def mean(self) -> Scores:
        """Raises HyperthumbError without images."""
        return mean_scores(self.images)


def write_metrics_csv(path: Path, images: Sequence[ImageScores]) -> None:
    """Writes a header and one line for each image, in the order given; the columns are the fields of `ImageScores`.

    Numbers keep every digit. What was not measured is an empty cell.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows([getattr(image, name) for name in _COLUMNS] for image in images)
    write_atomically(path, text.getvalue().encode(), durable=True)


def write_metrics_json(path: Path, result: MethodResult) -> None:
    """Writes the data set's means with what is needed to repeat them.

    Keys: `dataset`, `protocol` (its name), `crop` (pixels), `count`, `mean` (`bpp`, `psnr_rgb`, `psnr_y`,
    `ssim`, `lpips`, `thumb_psnr`, `rate_estimate_bpp`), `median` (`seconds_encode`, `seconds_decode`),
    `checkpoint`, `checkpoint_sha256`, `versions`, `device`, `profile`, `lpips` (its backbone). What was not measured,
    or does not apply, is null.

    Raises:
        HyperthumbError: without images, or when the folder cannot be written to.
    """
    mean = result.mean
    content = {
        "dataset": result.dataset,
        "protocol": result.protocol.name,
        "crop": result.protocol.crop,
        "count": len(result.images),
        "mean": {name: getattr(mean, name) for name in ("bpp", *QUALITY)},
        "median": {name: getattr(mean, name) for name in ("seconds_encode", "seconds_decode")},
        "checkpoint": result.checkpoint,
        "checkpoint_sha256": result.checkpoint_sha256,
        "versions": package_versions(),
        "device": result.device,
        "profile": result.profile,
        "lpips": result.lpips,
    }
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    write_atomically(path, text.encode(), durable=True)


def format_table(results: Sequence[MethodResult]) -> str:
    """A Markdown table, aligned so that it reads as plain text too; "-" where nothing was measured.

    Times are medians in seconds per image. The other numbers are means over the data set's images.
    """
    nets = ", ".join(sorted({result.lpips for result in results if result.lpips is not None}))
    titles = [f"{title} ({nets})" if name == "lpips" and nets else title for title, name, _ in _TABLE]
    numeric = [False, False, True, False, *(True for _ in _TABLE)]
    lines = []
    for result in results:
        mean = result.mean
        numbers = [(getattr(mean, name), digits) for _, name, digits in _TABLE]
        cells = ["-" if value is None else f"{value:.{digits}f}" for value, digits in numbers]
        lines.append([result.method, result.dataset, str(len(result.images)), result.protocol.label, *cells])
    return markdown_table(["method", "dataset", "images", "protocol", *titles], lines, numeric) + "\n"


_TABLE = (
    ("bpp", "bpp", 4),
    ("est. bpp", "rate_estimate_bpp", 4),
    ("PSNR-RGB", "psnr_rgb", 2),
    ("PSNR-Y", "psnr_y", 2),
    ("SSIM", "ssim", 4),
    ("LPIPS", "lpips", 4),
    ("thumb PSNR", "thumb_psnr", 2),
    ("encode s", "seconds_encode", 3),
    ("decode s", "seconds_decode", 3),
)
"""Title, field of `Scores`, and decimals."""
