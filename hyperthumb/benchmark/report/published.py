"""Figures that others have published: kept apart from measured ones, and marked wherever they are shown.

The data are `published_kodak.json` (rate-distortion curves of codecs) and `published_table.json` (table 1 of the
HyperThumbnail paper); both say where they come from.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from hyperthumb.base.errors import OptionsError
from hyperthumb.base.wording import did_you_mean


@dataclass(frozen=True)
class Published:
    """What one source says about one method on one data set.

    Attributes:
        bpp: the rates of a curve, or of a single point; empty where the source gives none.
        psnr_rgb: dB at each rate, or alone.
        thumb_psnr: dB of the thumbnail of a single point; None where there is none.
        description: encoder and settings, or empty.
        source: who says so.
    """

    name: str
    dataset: str
    bpp: tuple[float, ...]
    psnr_rgb: tuple[float, ...]
    thumb_psnr: float | None
    description: str
    source: str

    @property
    def is_curve(self) -> bool:
        return len(self.bpp) > 1


def published_names() -> list[str]:
    """Every name, in the order of the data."""
    return list(dict.fromkeys(entry.name for entry in _all()))


def find_published(names: Sequence[str], dataset: str) -> list[Published]:
    """The figures of the named methods on a data set, in any case. Methods without a figure for it are left out.

    Raises:
        OptionsError: for a name that is not among `published_names`.
    """
    known = published_names()
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known)
            raise OptionsError(f'published: there are no figures of "{name}"{hint} (known: {", ".join(known)})')
    return [entry for name in names for entry in _all() if entry.name == name and entry.dataset == dataset.lower()]


@functools.cache
def _all() -> tuple[Published, ...]:
    folder = resources.files("hyperthumb.benchmark.report")
    names = ("published_kodak.json", "published_table.json")
    kodak, table = (json.loads((folder / name).read_text(encoding="utf-8")) for name in names)
    found = []
    for name, curve in kodak["curves"].items():
        rates, scores, source = tuple(curve["bpp"]), tuple(curve["psnr_rgb"]), kodak["source"][curve["kind"]]
        found.append(Published(name, kodak["dataset"], rates, scores, None, curve["description"], source))
    for point in table["points"]:
        rates = () if point["bpp"] is None else (point["bpp"],)
        place = point["name"], point["dataset"]
        found.append(Published(*place, rates, (point["psnr_rgb"],), point["thumb_psnr"], "", table["source"]))
    return tuple(found)
