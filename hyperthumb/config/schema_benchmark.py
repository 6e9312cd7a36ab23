"""Every setting of a benchmark's options file; see `schema.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from hyperthumb.base.component import Component
from hyperthumb.base.constraints import Above, AtLeast, CountOrZero
from hyperthumb.base.limits import Device, Profile, Refinement, Scale
from hyperthumb.base.registry import BASELINES, PartOf

from .schema import DatasetOptions, LpipsOptions, Name


@dataclass(frozen=True)
class BenchmarkRow:
    """One row of the table: a method with its settings, or a model at several rates.

    Attributes:
        name: the row's name in the table.
        method: a class of `BASELINES`.
        model: a shipped model, a model file, or a training's folder or checkpoint.
        obtained: where the numbers come from, for the table: whose weights, which training.
        sweep: for a method, the argument that sets the rate, with its values; without it, the method is measured once.
        rate_scales: for a model, the factors of its tables; above 1 makes files smaller.
        profile: for a model, how files are coded (docs/thumbnails.md).
        refine: for a model, steps that improve each thumbnail for its decoder (docs/thumbnails.md), or `best`; 0 is
            none. A mapping also says what the steps change.
    """

    name: str
    method: Annotated[Component | None, PartOf(BASELINES)] = None
    model: str | None = None
    obtained: str = "measured"
    sweep: dict[str, list[int | float | str]] = field(default_factory=dict)
    rate_scales: list[Annotated[float, Above(0)]] = field(default_factory=list)
    profile: Profile = "small"
    refine: CountOrZero | Literal["best"] | Refinement = 0


@dataclass(frozen=True)
class CropOptions:
    """A detail that the report shows of every row.

    Attributes:
        image: the picture's name in one of the data sets.
        box: left, top, width and height in pixels of the photograph; None takes the part with most texture.
    """

    image: str
    box: tuple[CountOrZero, CountOrZero, Annotated[int, AtLeast(16)], Annotated[int, AtLeast(16)]] | None = None


@dataclass(frozen=True)
class BenchmarkOptions:
    """A benchmark's options file. `source` is the file itself.

    Attributes:
        name: the name of the results' folder.
        scale: the scale of methods that need one, and the crop of protocol `sr`; models have their own scale.
        datasets: photographs to measure on.
        rows: the rows of the table, in this order.
        protocol: `paper` crops nothing, `sr` crops `scale` pixels at each side before PSNR and SSIM.
        target_bpp: the rate at which methods are compared.
        anchor: the row that Bjontegaard deltas refer to; None leaves them out.
        lpips: the backbone of LPIPS; None leaves the column empty.
        crops: the details to show; None takes the first three photographs of the first data set.
        published: names of published figures to show beside the measured ones (docs/benchmark.md).
        results_root: where the folder `name` is written.
        device: where the networks run.
        plugins: your modules to import.
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
