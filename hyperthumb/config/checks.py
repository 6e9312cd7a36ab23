"""Checks of combinations of settings: each setting is valid alone, but together they are impossible.

A check of combinations yields the keys that lead to a setting, and what is wrong with it. One that meets a setting that
was complained of already ends there (`reader.INVALID`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from hyperthumb.base.component import find_class
from hyperthumb.base.registry import ARCHS, BASELINES
from hyperthumb.base.signature import parameters
from hyperthumb.base.wording import did_you_mean

from .complaints import Finding
from .reader import INVALID, Reader, Unreadable
from .schema import DatasetOptions, EvaluationOptions, TrainOptions
from .schema_benchmark import BenchmarkOptions, BenchmarkRow
from .tree import Section

Check = Callable[[Any], Iterator[Finding]]

TAKEN_NAMES = ("total", "bpp", "auxiliary")
"""What logs name the sum, the rate model's estimate, and the entropy bottleneck's own loss."""


def _network_rescales(options: TrainOptions | EvaluationOptions) -> Iterator[Finding]:
    from hyperthumb.models.contract import RescalingNetwork  # it is torch's, as is the class that was looked up

    network = options.network_g
    cls = find_class(ARCHS, network.type) if network is not None else RescalingNetwork
    if network is not None and (cls is None or not issubclass(cls, RescalingNetwork)):
        message = (
            f"{network.type} maps an image to an image; to rescale it has to be a part, such as "
            f"`network_g: {{type: HyperThumbnail, ..., decoder: {{type: {network.type}, ...}}}}`"
        )
        yield ("network_g", "type"), message


def _network_fits_scale(options: TrainOptions | EvaluationOptions) -> Iterator[Finding]:
    """At scale 1 the thumbnail is the picture itself; at any other, two networks get from one to the other."""
    if options.network_g is None or options.network_g.type != "HyperThumbnail":
        return
    for part in ("encoder", "decoder"):
        given = options.network_g.arguments.get(part) is not None
        if given and options.scale == 1:
            yield ("network_g", part), f"at scale 1 the thumbnail is the picture itself; remove the {part}"
        elif not given and options.scale != 1:
            yield (
                ("network_g",),
                f"at scale {options.scale} the network needs an encoder and a decoder, but the {part} is missing",
            )


def _crops_fit_scale(options: TrainOptions) -> Iterator[Finding]:
    size, side = options.datasets.train.gt_size, 8 * options.scale
    if size is None:
        yield ("datasets", "train"), 'the key "gt_size" is missing: the side of the training crops in pixels'
    elif size % side:
        near = max(1, round(size / side)) * side
        yield ("datasets", "train", "gt_size"), f"{size} is not a multiple of {side} (8 * scale); {near} would be"


def _batch_size_is_stated_once(options: TrainOptions) -> Iterator[Finding]:
    if options.train.batch_size is not None and options.datasets.train.batch_size_per_gpu is not None:
        message = (
            "train.batch_size is given too; give one of the two (an inherited one goes with `batch_size: ~` or "
            "`batch_size_per_gpu: ~`)"
        )
        yield ("datasets", "train", "batch_size_per_gpu"), message


def _best_is_measured(options: TrainOptions) -> Iterator[Finding]:
    if options.logger.keep_best is not None and not options.datasets.val:
        yield ("logger", "keep_best"), "there is no validation set to measure it on; add one to datasets.val"
    elif options.logger.keep_best == "lpips" and options.val.lpips is None:
        yield ("logger", "keep_best"), "lpips is not measured; add val.lpips"


def _one_network(options: EvaluationOptions) -> Iterator[Finding]:
    if options.model is not None and options.network_g is not None:
        yield ("model",), "network_g is given too; give one of the two (`~` removes an inherited one)"


def _precision_fits_device(options: TrainOptions) -> Iterator[Finding]:
    if options.train.precision == "fp16" and options.device == "cpu":
        yield ("train", "precision"), "fp16 needs a GPU, but device is cpu; bf16 works on both"


def _scheduler_has_milestones(options: TrainOptions) -> Iterator[Finding]:
    scheduler = options.train.scheduler
    if scheduler.type == "MultiStepLR" and scheduler.milestones is None:
        yield (
            ("train", "scheduler"),
            "MultiStepLR needs milestones: a list of iterations, or the iterations between two",
        )


def _learning_rates_fall(options: TrainOptions) -> Iterator[Finding]:
    final = options.train.scheduler.eta_min
    if options.train.scheduler.type != "CosineAnnealingLR":
        return
    for name in ("optim_g", "optim_rate", "optim_aux"):
        optimizer = getattr(options.train, name)
        if optimizer is not None and final > optimizer.lr:
            message = f"{final:g} is above train.{name}.lr, {optimizer.lr:g}: the learning rate would rise"
            yield ("train", "scheduler", "eta_min"), message


def _rate_loss_has_a_rate_model(options: TrainOptions) -> Iterator[Finding]:
    network = options.network_g
    cls = find_class(ARCHS, network.type) if options.train.losses.rate is not None else None
    rate = parameters(cls)[0].get("rate") if cls is not None else None
    if rate is not None and network.arguments.get("rate", rate.default) is None:
        message = "the network has no rate model; add network_g.rate, such as {type: factorized}, or remove this loss"
        yield ("train", "losses", "rate"), message


def _names_of_losses_are_free(options: TrainOptions) -> Iterator[Finding]:
    for name in options.train.losses.terms:
        if name in TAKEN_NAMES:
            message = f'the log shows another number as "{name}"; give this loss another name'
            yield ("train", "losses", "terms", name), message


def _validation_names_differ(options: TrainOptions) -> Iterator[Finding]:
    for keys, message in _names_differ(options.datasets.val):
        yield ("datasets", "val", *keys), message


def _data_to_measure_on(options: EvaluationOptions | BenchmarkOptions) -> Iterator[Finding]:
    if not options.datasets:
        purpose = "test" if isinstance(options, EvaluationOptions) else "measure"
        yield ("datasets",), f"there is no data set to {purpose} on"
    for keys, message in _names_differ(options.datasets):
        yield ("datasets", *keys), message


def _names_differ(datasets: dict[str, DatasetOptions]) -> Iterator[Finding]:
    keys_by_name: dict[str, str] = {}
    for key, dataset in datasets.items():
        other = keys_by_name.setdefault(dataset.name, key)
        if other != key:
            message = f'datasets.{other} has the name "{dataset.name}" too; their results would share a folder'
            yield (key, "name"), message


def _something_to_test(options: EvaluationOptions) -> Iterator[Finding]:
    if options.network_g is None and options.model is None and not options.baselines:
        yield (), "there is nothing to test: give network_g, model or baselines"


def _rows_to_measure(options: BenchmarkOptions) -> Iterator[Finding]:
    if not options.rows:
        yield ("rows",), "there is no row to measure"
    names: list[str] = []
    for index, row in enumerate(options.rows):
        if row.name in names:
            yield ("rows", index, "name"), f'there are two rows "{row.name}"'
        names.append(row.name)


def _anchor_is_a_row(options: BenchmarkOptions, tree: Section) -> Iterator[Finding]:
    names = [row.name for row in options.rows]
    if options.anchor is None or options.anchor in names:
        return
    anchor, rows = tree.places["anchor"], tree.places["rows"]
    message = f'there is no row "{options.anchor}"'
    if anchor.line and anchor.file not in (rows.file, str(options.source)):
        remedy = "give `anchor` the name of one of these rows, or `~`"
        yield ("rows",), f"{message}, which is the anchor in {anchor}; {remedy}"
    else:
        yield ("anchor",), f"{message}{did_you_mean(options.anchor, names)}"


def _row_is_one_thing(row: BenchmarkRow) -> Iterator[Finding]:
    if (row.method is None) == (row.model is None):
        yield (), "a row is either a `method` with its `type` or a `model` by name or path; give one"
    elif row.model is not None:
        if row.sweep:
            yield ("sweep",), "a model has no arguments to sweep; its rates are `rate_scales`"
    else:
        if row.rate_scales:
            yield ("rate_scales",), "is for models; the rate of a method is an argument in `sweep`"
        if row.profile != "small":
            yield ("profile",), "is for models; a method codes its files in its own way"
        if row.refine:
            yield ("refine",), "is for models; nothing else has a decoder to refine a thumbnail for"


def _sweep_fits_method(row: BenchmarkRow, reader: Reader) -> Iterator[Finding]:
    method = row.method if row.model is None else None
    cls = find_class(BASELINES, method.type) if method is not None else None
    if method is None or cls is None:
        return
    if len(row.sweep) > 1:
        yield ("sweep",), f"only one argument can set the rate, not {' and '.join(row.sweep)}"
    for name, values in row.sweep.items():
        if name not in parameters(cls)[0]:
            yield ("sweep",), f'{method.type} takes no "{name}"'
        elif name in method.arguments:
            yield ("sweep",), f'"{name}" is given among the arguments of {method.type} too'
        elif not values:
            yield ("sweep",), f'"{name}" has no values'
        for value in values:
            for message in reader.problems(cls, name, value):
                yield ("sweep", name), message


_CHECKS: dict[type, tuple[Check, ...]] = {
    TrainOptions: (
        _network_rescales,
        _network_fits_scale,
        _crops_fit_scale,
        _batch_size_is_stated_once,
        _best_is_measured,
        _validation_names_differ,
        _precision_fits_device,
        _scheduler_has_milestones,
        _learning_rates_fall,
        _rate_loss_has_a_rate_model,
        _names_of_losses_are_free,
    ),
    EvaluationOptions: (_network_rescales, _network_fits_scale, _one_network, _data_to_measure_on, _something_to_test),
    BenchmarkOptions: (_data_to_measure_on, _rows_to_measure),
}


def check(options: Any, tree: Section, reader: Reader) -> None:
    """Adds to the reader's complaints what does not go together in options, which were read from `tree`."""
    for one in _CHECKS.get(type(options), ()):
        _complain(one(options), tree, reader)
    if isinstance(options, BenchmarkOptions) and isinstance(options.rows, list):
        _complain(_anchor_is_a_row(options, tree), tree, reader)
        for row, section in zip(options.rows, tree["rows"], strict=True):
            if row is not INVALID:
                _complain(_row_is_one_thing(row), section, reader)
                _complain(_sweep_fits_method(row, reader), section, reader)


def _complain(findings: Iterator[Finding], section: Section, reader: Reader) -> None:
    with contextlib.suppress(Unreadable):
        for keys, message in findings:
            reader.complaints.add(*section.locate(keys), message)
