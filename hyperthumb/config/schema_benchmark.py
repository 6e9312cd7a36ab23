"""Every setting of a benchmark's options file; see `schema.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from hyperthumb.base.component import Component
from hyperthumb.base.constraints import Above, AtLeast, CountOrZero
from hyperthumb.base.limits import Device, Profile, Scale
from hyperthumb.base.registry import BASELINES, PartOf

from .schema import DatasetOptions, LpipsOptions, Name


@dataclass(frozen=True)
class BenchmarkRow:
    """One row of the table: a method with its settings, or a model at several rates.

    Attributes:
        name: what the table calls it.
        method: a class of `BASELINES`.
        model: a model that ships, a model file, or a training's folder or checkpoint.
        obtained: how its numbers come about, for the table: whose weights, or which budget of training.
        sweep: of a method, the one argument that makes the rate and its values; without, it is measured as it stands.
        rate_scales: of a model, what its tables are multiplied with; above 1, smaller files.
        profile: of a model, how its files are coded (jpeg/profiles.py).
        refine: of a model, steps that improve each thumbnail for its decoder (docs/thumbnails.md), or `best`; 0 is
            none.
    """

    name: str
    method: Annotated[Component | None, PartOf(BASELINES)] = None
    model: str | None = None
    obtained: str = "measured"
    sweep: dict[str, list[int | float | str]] = field(default_factory=dict)
    rate_scales: list[Annotated[float, Above(0)]] = field(default_factory=list)
    profile: Profile = "small"
    refine: CountOrZero | Literal["best"] = 0


@dataclass(frozen=True)
class CropOptions:
    """A detail that the report shows of every row.

    Attributes:
        image: its name in one of the data sets.
        box: left, top, width and height in pixels of the photograph; None takes the part with most texture.
    """

    image: str
    box: tuple[CountOrZero, CountOrZero, Annotated[int, AtLeast(16)], Annotated[int, AtLeast(16)]] | None = None


@dataclass(frozen=True)
class BenchmarkOptions:
    """A benchmark's options file. `source` is the file itself.

    Attributes:
        name: names the results' folder.
        scale: of methods that take one, and the crop of protocol `sr`; models have their own.
        datasets: what is measured on.
        rows: of the table, in this order.
        protocol: `paper` crops nothing, `sr` crops `scale` pixels at each side before PSNR and SSIM.
        target_bpp: the rate that methods are compared at.
        anchor: the row that BD-rates and BD-PSNRs refer to; None gives none.
        lpips: None leaves the column empty.
        crops: details to keep; None is the first three photographs of the first data set.
        published: names of figures that others have published, to be shown beside the measured ones
            (benchmark/published.py).
        results_root: where the folder `name` goes.
        device: of the networks.
        plugins: modules of the user's to import.
    """

    source: Path = field(compare=False)
    name: Name
    scale: Scale
    datasets: dict[str, DatasetOptions]
    rows: list[BenchmarkRow]
    protocol: Literal["paper", "sr"] = "paper"
    target_bpp: Annotated[float, Above(0)] = 0.3
    anchor: str | None = None
    lpips: LpipsOptions | None = None
    crops: list[CropOptions] | None = None
    published: list[str] = field(default_factory=list)
    results_root: Path = Path("results/benchmark")
    device: Device = "auto"
    plugins: list[str] = field(default_factory=list)
