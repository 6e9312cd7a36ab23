"""Options files to options: read, inherit, force, translate, check; every complaint at once."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.plugins import import_plugin
from hyperthumb.base.wording import did_you_mean

from .complaints import Complaints, warn
from .inheritance import expand_variables, force_settings, read_tree
from .schema import EvaluationOptions, NetworkOptions, TrainOptions
from .schema_benchmark import BenchmarkOptions
from .schema_training import LossesOptions
from .tree import Items, Section, label, plain

if TYPE_CHECKING:
    from .reader import Reader

T = TypeVar("T")

_DEBUG_PREFIX = "debug_"


def load_train_options(
    path: str | Path, force: Sequence[str] = (), debug: bool = False, must_exist: bool = True
) -> TrainOptions:
    """The checked options of a training.

    Args:
        path: the options file.
        force: `--force_yml` entries, such as `train:total_iter=100`; they win over the file.
        debug: for a quick look at a run: reports every iteration, validates and saves every 8, no TensorBoard, and a
            name that starts with `debug_`.
        must_exist: whether the data and the files that the options name have to exist.

    Raises:
        OptionsError: with every complaint on its own line.

    Warns:
        OptionsWarning: once, naming every setting without effect.
    """
    options = _load(TrainOptions, Path(path), force, must_exist)
    return _for_debugging(options) if debug else options


def load_test_options(path: str | Path, force: Sequence[str] = ()) -> EvaluationOptions:
    """The checked options of a test; arguments, errors and warnings as for `load_train_options`."""
    return _load(EvaluationOptions, Path(path), force)


def load_benchmark_options(path: str | Path, force: Sequence[str] = ()) -> BenchmarkOptions:
    """The checked options of a benchmark; arguments, errors and warnings as for `load_train_options`.

    Files of weights need not be there: a row without them fails by itself when it is measured.
    """
    return _load(BenchmarkOptions, Path(path), force)


def load_network_options(path: str | Path) -> NetworkOptions:
    """The network of a training's or a test's options file, whatever else stands there: its data may be elsewhere.

    Raises:
        OptionsError: with every complaint about the network on its own line.
    """
    reader, tree = _open(NetworkOptions, Path(path), ())
    names = {entry.name for entry in dataclasses.fields(NetworkOptions)}
    options: NetworkOptions = reader.record(NetworkOptions, tree.select(key for key in tree if key in names))
    reader.complaints.raise_if_any()
    return options


def _load(kind: type[T], path: Path, force: Sequence[str], must_exist: bool = True) -> T:
    from .checks import check
    from .unused import unused

    reader, tree = _open(kind, path, force, must_exist)
    options: T = reader.record(kind, tree, source=path)
    check(options, tree, reader)
    reader.complaints.raise_if_any()
    warn([*reader.ignored, *unused(options, tree)], stacklevel=3)
    return options


def _open(kind: type, path: Path, force: Sequence[str], must_exist: bool = True) -> tuple[Reader, Section]:
    # Here, so that importing `hyperthumb.config` does not pay for pydantic.
    from .official import rewrite_official
    from .reader import Reader

    without_files = not must_exist or kind is BenchmarkOptions
    reader = Reader(Complaints(), files_may_be_missing=without_files, data_may_be_missing=not must_exist)
    complaints = reader.complaints
    tree = read_tree(path, complaints, reader.ignored)
    force_settings(tree, force, complaints)
    reader.written = expand_variables(tree, os.environ, complaints)
    _import_plugins(tree, kind, complaints)
    reader.scale = plain(tree.get("scale"))
    rewrite_official(tree, kind is TrainOptions, complaints, reader.ignored)
    label(tree)
    _arrange_datasets(tree, kind)
    _arrange_losses(tree)
    return reader, tree


def _arrange_datasets(tree: Section, kind: type) -> None:
    """Give data sets the names of their keys, and put a training's `val`, `val_2` ... together.

    Null takes away a data set that another file has.
    """
    datasets = tree.get("datasets")
    if not isinstance(datasets, Section):
        return
    needed = ["train"] if kind is TrainOptions else []
    datasets = datasets.select(key for key in datasets if datasets[key] is not None or key in needed)
    tree["datasets"] = datasets
    for key, dataset in datasets.items():
        if isinstance(dataset, Section) and "name" not in dataset:
            dataset.put("name", key, datasets.places[key])
    if kind is TrainOptions:
        val = datasets.select(key for key in datasets if key.startswith("val"))
        tree["datasets"] = datasets.select(key for key in datasets if key not in val)
        tree["datasets"].put("val", val, datasets.location)


def _arrange_losses(tree: Section) -> None:
    """Put the terms of the objective that have names of the user's choice together."""
    train = tree.get("train")
    losses = train.get("losses") if isinstance(train, Section) else None
    if not isinstance(train, Section) or not isinstance(losses, Section):
        return
    known = [entry.name for entry in dataclasses.fields(LossesOptions) if entry.name != "terms"]
    others = [key for key in losses if key not in known and _is_term(key, losses[key], known)]
    terms = losses.select(key for key in others if losses[key] is not None)
    train["losses"] = losses.select(key for key in losses if key not in others)
    train["losses"].put("terms", terms, losses.location)


def _is_term(key: str, value: Any, known: list[str]) -> bool:
    """Whether a key is not merely a known one misspelled; null takes away a term that another file has."""
    if isinstance(value, Section):
        return "on" in value or not did_you_mean(key, known)
    return value is None and not did_you_mean(key, known)


def _import_plugins(tree: Section, kind: type, complaints: Complaints) -> None:
    """Import the user's modules, so that the classes they register have names.

    They are looked for in the working directory, among what is installed, and in the folder of the options file that
    names them; not there where only the network is read, because a training's folder may come from others.

    Raises:
        OptionsError: when one cannot be imported. Complaints of the names that it would register would mislead.
    """
    plugins = tree.get("plugins")
    if not isinstance(plugins, Items):
        return
    failed = False
    for name, place in zip(plugins, plugins.places, strict=True):
        if not isinstance(name, str):
            continue
        try:
            import_plugin(name, None if kind is NetworkOptions else Path(place.file).parent)
        except HyperthumbError as error:
            cause = error.__cause__
            missing = isinstance(cause, ModuleNotFoundError) and cause.name in (name, name.partition(".")[0])
            looked = "; put it into the working directory or beside the options file, or install it" if missing else ""
            complaints.add(place, "plugins", f"{error}{looked}")
            failed = failed or cause is not None
    if failed:
        complaints.raise_if_any()


def _for_debugging(options: TrainOptions) -> TrainOptions:
    name = options.name if options.name.startswith(_DEBUG_PREFIX) else _DEBUG_PREFIX + options.name
    quick: dict[str, Any] = {"print_freq": 1, "save_checkpoint_freq": 8, "use_tb_logger": False, "wandb": None}
    return dataclasses.replace(
        options,
        name=name,
        val=dataclasses.replace(options.val, val_freq=8),
        logger=dataclasses.replace(options.logger, **quick),
    )
