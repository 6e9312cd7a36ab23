"""Settings that have no effect because of other settings; each is warned about."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .complaints import Finding, Ignored
from .schema import TRAINING_ONLY, DatasetOptions, EvaluationOptions, TrainOptions
from .schema_benchmark import BenchmarkOptions
from .tree import Section

_SCHEDULERS = {"ConstantLR": (), "MultiStepLR": ("milestones", "gamma"), "CosineAnnealingLR": ("eta_min",)}


def unused(options: Any, tree: Section) -> list[Ignored]:
    """The settings of valid options that others leave without effect."""
    findings = _UNUSED[type(options)](options)
    return [Ignored(*tree.locate(keys), reason) for keys, reason in findings]


def _unused_in_training(options: TrainOptions) -> Iterator[Finding]:
    scheduler = options.train.scheduler
    if options.logger.keep_best is None:
        yield from _changed(options.logger, ("logger",), ["keep_best_slope"], "keep_best names no metric")
    names = [name for name in ("milestones", "gamma", "eta_min") if name not in _SCHEDULERS[scheduler.type]]
    yield from _changed(scheduler, ("train", "scheduler"), names, f"{scheduler.type} has none")
    train = options.datasets.train
    if train.cache == "none":
        yield from _changed(train, ("datasets", "train"), ["cache_limit_gb"], "cache is none")
    yield from _unused_of_damage(train, ("datasets", "train"))
    for key, dataset in options.datasets.val.items():
        yield from _unused_in_evaluation(dataset, ("datasets", "val", key))


def _unused_in_test(options: EvaluationOptions) -> Iterator[Finding]:
    yield from _unused_in_sets(options)
    yield from _changed(options.val, ("val",), ["val_freq"], "a test measures once")
    reason = "a test takes its weights from pretrain_network_g"
    yield from _changed(options.path, ("path",), ["resume_state"], reason)
    yield from _changed(options.path, ("path",), ["experiments_root", "tb_root"], "a test writes to results_root")
    if options.network_g is None:
        reason = "there is no network_g"
        if options.model is None:
            yield from _changed(options, (), ["comparison"], reason)
            yield from _changed(options.val, ("val",), ["profile", "rate_scale", "refine"], reason)
        names = ["pretrain_network_g", "strict_load_g", "param_key_g"]
        yield from _changed(options.path, ("path",), names, reason)


def _unused_in_sets(options: EvaluationOptions | BenchmarkOptions) -> Iterator[Finding]:
    for key, dataset in options.datasets.items():
        yield from _unused_in_evaluation(dataset, ("datasets", key))


def _unused_in_evaluation(dataset: DatasetOptions, keys: tuple[str, ...]) -> Iterator[Finding]:
    yield from _changed(dataset, keys, TRAINING_ONLY, "is for training data")
    yield from _unused_of_damage(dataset, keys)


def _unused_of_damage(dataset: DatasetOptions, keys: tuple[str, ...]) -> Iterator[Finding]:
    if dataset.on_corrupt == "error":
        yield from _changed(dataset, keys, ["max_corrupt"], "on_corrupt is error")


def _changed(record: Any, keys: tuple[str, ...], names: Iterable[str], reason: str) -> Iterator[Finding]:
    """Those of the settings `names` that differ from the default. A default asks for nothing: resolved options, which
    hold all of them, load without a warning."""
    defaults = {entry.name: entry.default for entry in dataclasses.fields(record)}
    yield from (((*keys, name), reason) for name in names if getattr(record, name) != defaults[name])


_UNUSED: dict[type, Callable[[Any], Iterator[Finding]]] = {
    TrainOptions: _unused_in_training,
    EvaluationOptions: _unused_in_test,
    BenchmarkOptions: _unused_in_sets,
}
