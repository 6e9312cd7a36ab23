"""What an options file of a benchmark may say, and what of it cannot be."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from hyperthumb.base.component import Component, find_class
from hyperthumb.base.constraints import Above, AtLeast, CountOrZero, Existing
from hyperthumb.base.registry import BASELINES, PartOf
from hyperthumb.base.wording import did_you_mean

from .build import RecordReader
from .checks import check_evaluation_datasets
from .components import argument_annotation
from .nodes import Scalar
from .schema import DatasetOptions, Device, LpipsOptions, Name, Scale
from .values import INVALID


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
        refine: of a model, steps that improve each thumbnail for its decoder (refinement.py); 0 is none.
    """

    name: str
    method: Annotated[Component | None, PartOf(BASELINES)] = None
    model: str | None = None
    obtained: str = "measured"
    sweep: dict[str, list[int | float | str]] = field(default_factory=dict)
    rate_scales: list[Annotated[float, Above(0)]] = field(default_factory=list)
    profile: Literal["small", "fast", "optimized", "default"] = "small"
    refine: CountOrZero = 0


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


class BenchmarkReader(RecordReader):
    """Takes names of files that are not there: a rival without weights fails by itself, and the rest goes on."""

    def read_annotated(self, node: Any, base: Any, marks: list[Any], where: str) -> Any:
        return super().read_annotated(node, base, [mark for mark in marks if not isinstance(mark, Existing)], where)


def check_benchmark(options: BenchmarkOptions, reader: RecordReader) -> None:
    """Check a benchmark's options; complaints are added to the reader's."""
    if options.datasets == {}:
        reader.complain("datasets", "there is no data set to measure on")
    elif options.datasets is not INVALID:
        check_evaluation_datasets(options.datasets, reader)
    if options.rows is INVALID:
        return
    if not options.rows:
        reader.complain("rows", "there is no row to measure")
    names: list[str] = []
    for index, row in enumerate(options.rows):
        where = f"rows[{index}]"
        if row.name in names:
            reader.complain(f"{where}.name", f'there are two rows "{row.name}"')
        names.append(row.name)
        _check_row(row, where, reader)
    if options.anchor not in (None, INVALID, *names):
        reader.complain("anchor", f'there is no row "{options.anchor}"{did_you_mean(str(options.anchor), names)}')


def _check_row(row: BenchmarkRow, where: str, reader: RecordReader) -> None:
    if row.method is INVALID or row.model is INVALID:
        return
    if (row.method is None) == (row.model is None):
        reader.complain(where, "a row is either a `method` with its `type` or a `model` by name or path; give one")
    elif row.model is not None:
        if row.sweep:
            reader.complain(f"{where}.sweep", "a model has no arguments to sweep; its rates are `rate_scales`")
    else:
        if row.rate_scales:
            reader.complain(f"{where}.rate_scales", "is for models; the rate of a method is an argument in `sweep`")
        if row.profile != "small":
            reader.complain(f"{where}.profile", "is for models; a method codes its files in its own way")
        if row.refine:
            reader.complain(f"{where}.refine", "is for models; nothing else has a decoder to refine a thumbnail for")
        if row.method is not None and row.sweep is not INVALID:
            _check_sweep(row.method, row.sweep, f"{where}.sweep", reader)


def _check_sweep(method: Component, sweep: dict[str, list[Any]], where: str, reader: RecordReader) -> None:
    if len(sweep) > 1:
        reader.complain(where, f"one argument makes the rate, not {' and '.join(sweep)}")
    cls = find_class(BASELINES, method.type)
    assert cls is not None, "it was read"
    for name, values in sweep.items():
        annotation = argument_annotation(cls, name)
        if annotation is None:
            reader.complain(where, f'{method.type} takes no "{name}"')
        elif name in method.arguments:
            reader.complain(where, f'"{name}" is given among the arguments of {method.type} too')
        elif not values:
            reader.complain(where, f'"{name}" has no values')
        else:
            location = reader.locations[where]
            for value in values:
                reader.read(Scalar(value, location), annotation, f"{where}.{name}")
