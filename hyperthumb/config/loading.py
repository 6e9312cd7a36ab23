"""Options files to options: read, inherit, force, translate, check; every complaint at once."""

from __future__ import annotations

import dataclasses
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from hyperthumb.base.registry import ARCHS, BASELINES

from .benchmark import BenchmarkOptions, BenchmarkReader, check_benchmark
from .build import RecordReader
from .checks import check_test, check_training
from .complaints import Complaints
from .ignored import warn
from .inheritance import expand_variables, force_settings, read_tree
from .nodes import Listing, Mapping, plain, plain_at
from .official import rewrite_official
from .schema import NetworkOptions, TestOptions, TrainOptions

_DEBUG_PREFIX = "debug_"


def load_train_options(path: str | Path, force: Sequence[str] = (), debug: bool = False) -> TrainOptions:
    """The checked options of a training.

    Args:
        path: the options file.
        force: `--force_yml` entries, such as `train:total_iter=100`; they win over the file.
        debug: for a quick look at a run: reports every iteration, validates and saves every 8, no TensorBoard, and a
            name that starts with `debug_`.

    Raises:
        OptionsError: with every complaint on its own line.

    Warns:
        OptionsWarning: once, naming every setting without effect.
    """
    path = Path(path)
    reader, tree = _open(path, force, training=True)
    options: TrainOptions = reader.read_record(tree, TrainOptions, "", source=path)
    check_training(options, reader)
    _finish(reader)
    return _for_debugging(options) if debug else options


def load_test_options(path: str | Path, force: Sequence[str] = ()) -> TestOptions:
    """The checked options of a test; arguments, errors and warnings as for `load_train_options`."""
    path = Path(path)
    reader, tree = _open(path, force, training=False)
    options: TestOptions = reader.read_record(tree, TestOptions, "", source=path)
    check_test(options, reader)
    _finish(reader)
    return options


def load_benchmark_options(path: str | Path, force: Sequence[str] = ()) -> BenchmarkOptions:
    """The checked options of a benchmark; arguments, errors and warnings as for `load_train_options`.

    Files of weights need not be there: a row without them fails by itself when it is measured.
    """
    path = Path(path)
    reader, tree = _open(path, force, training=False, kind=BenchmarkReader)
    options: BenchmarkOptions = reader.read_record(tree, BenchmarkOptions, "", source=path)
    check_benchmark(options, reader)
    _finish(reader)
    return options


def load_network_options(path: str | Path) -> NetworkOptions:
    """The network of a training's or a test's options file, whatever else stands there: its data may be elsewhere.

    Raises:
        OptionsError: with every complaint about the network on its own line.
    """
    path = Path(path)
    reader, tree = _open(path, (), training=False)
    names = {entry.name for entry in dataclasses.fields(NetworkOptions)}
    tree = Mapping({key: node for key, node in tree.entries.items() if key in names}, tree.location)
    options: NetworkOptions = reader.read_record(tree, NetworkOptions, "")
    reader.complaints.raise_if_any()
    return options


def _open(
    path: Path, forced: Sequence[str], training: bool, kind: type[RecordReader] = RecordReader
) -> tuple[RecordReader, Mapping]:
    complaints = Complaints()
    tree = read_tree(path, complaints)
    force_settings(tree, forced, complaints)
    expanded = expand_variables(tree, os.environ, complaints)
    assert isinstance(expanded, Mapping)
    _import_plugins(expanded, complaints)
    scale = plain_at(expanded, "scale")
    reader = kind(complaints, {ARCHS.kind: {"scale": scale}, BASELINES.kind: {"scale": scale}})
    rewrite_official(expanded, training, complaints, reader.ignored)
    return reader, expanded


def _finish(reader: RecordReader) -> None:
    reader.complaints.raise_if_any()
    warn(reader.ignored, stacklevel=3)


def _import_plugins(tree: Mapping, complaints: Complaints) -> None:
    """Import the user's modules, found from the working directory, so that the classes they register have names."""
    plugins = tree.entries.get("plugins")
    if not isinstance(plugins, Listing):
        return
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    for item in plugins.items:
        name = plain(item)
        if not isinstance(name, str):
            continue
        if not all(part.isidentifier() for part in name.split(".")):
            problem = f'wants the name of a module, such as my_package.losses, not "{name}"'
            complaints.add(item.location, "plugins", problem)
            continue
        try:
            importlib.import_module(name)
        except Exception as error:  # a user's module may raise anything
            complaints.add(item.location, "plugins", f'cannot import "{name}": {type(error).__name__}: {error}')


def _for_debugging(options: TrainOptions) -> TrainOptions:
    name = options.name if options.name.startswith(_DEBUG_PREFIX) else _DEBUG_PREFIX + options.name
    return dataclasses.replace(
        options,
        name=name,
        val=dataclasses.replace(options.val, val_freq=8),
        logger=dataclasses.replace(
            options.logger, print_freq=1, save_checkpoint_freq=8, use_tb_logger=False, wandb=None
        ),
    )
