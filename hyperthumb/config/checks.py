"""What single settings cannot tell: combinations that are impossible, and settings that others leave without effect.

Every check copes with fields that are `INVALID`: their complaint is made already.
"""

from __future__ import annotations

from typing import Any

from hyperthumb.base.component import Component, find_class
from hyperthumb.base.registry import ARCHS

from .build import RecordReader
from .components import takes_but_lacks
from .ignored import TRAINING_ONLY_KEYS
from .schema import (
    DatasetOptions,
    LossesOptions,
    OptimizerOptions,
    PathOptions,
    SchedulerOptions,
    TestOptions,
    TrainingOptions,
    TrainOptions,
    ValidationOptions,
)
from .values import INVALID

_SCHEDULERS = {
    "ConstantLR": (),
    "MultiStepLR": ("milestones", "gamma"),
    "CosineAnnealingLR": ("eta_min",),
}


def check_training(options: TrainOptions, reader: RecordReader) -> None:
    """Check a training's options; complaints and settings without effect are added to the reader's."""
    _check_network(options.scale, options.network_g, reader)
    if options.datasets is not INVALID:
        _check_crops(options.scale, options.datasets.train, reader)
        if options.datasets.val is not INVALID:
            check_evaluation_datasets(options.datasets.val, reader)
    if options.train is not INVALID:
        _check_loop(options.train, options.device, reader)
        _check_rate(options.train.losses, options.network_g, reader)


def check_test(options: TestOptions, reader: RecordReader) -> None:
    """Check a test's options; complaints and settings without effect are added to the reader's."""
    _check_network(options.scale, options.network_g, reader)
    if options.datasets == {}:
        reader.complain("datasets", "there is no data set to test on")
    elif options.datasets is not INVALID:
        check_evaluation_datasets(options.datasets, reader)
    if options.network_g is None and not options.baselines:
        reader.complain("", "there is nothing to test: give network_g, baselines, or both")
    if isinstance(options.val, ValidationOptions):
        reader.ignore(options.val, "val_freq", "val", "a test measures once")
    if isinstance(options.path, PathOptions):
        reader.ignore(options.path, "resume_state", "path", "a test takes its weights from pretrain_network_g")
        for setting in ("experiments_root", "tb_root"):
            reader.ignore(options.path, setting, "path", "a test writes to results_root")
    if options.network_g is None:
        _ignore_what_networks_need(options, reader)


def _ignore_what_networks_need(options: TestOptions, reader: RecordReader) -> None:
    reason = "there is no network_g"
    reader.ignore(options, "comparison", "", reason)
    if isinstance(options.val, ValidationOptions):
        for setting in ("profile", "rate_scale", "refine"):
            reader.ignore(options.val, setting, "val", reason)
    if isinstance(options.path, PathOptions):
        for setting in ("pretrain_network_g", "strict_load_g", "param_key_g"):
            reader.ignore(options.path, setting, "path", reason)


def _check_network(scale: Any, network: Component | None, reader: RecordReader) -> None:
    if not isinstance(network, Component):
        return
    from hyperthumb.models.contract import RescalingNetwork  # it is torch's, as is the class that was looked up

    cls = find_class(ARCHS, network.type)
    if cls is None or not issubclass(cls, RescalingNetwork):
        message = (
            f"{network.type} maps an image to an image; to rescale it has to be a part, such as "
            f"`network_g: {{type: HyperThumbnail, ..., decoder: {{type: {network.type}, ...}}}}`"
        )
        reader.complain("network_g.type", message)
    elif network.type == "HyperThumbnail":
        _check_parts(scale, network, reader)


def _check_parts(scale: Any, network: Component, reader: RecordReader) -> None:
    """At scale 1 the thumbnail is the picture itself; at any other, two networks get from one to the other."""
    if scale is INVALID:
        return
    for part in ("encoder", "decoder"):
        given = network.arguments.get(part) is not None
        if given and scale == 1:
            reader.complain(f"network_g.{part}", f"at scale 1 the thumbnail is the picture itself: there is no {part}")
        elif not given and scale != 1:
            reader.complain("network_g", f"at scale {scale} it needs an encoder and a decoder; {part} is missing")


def _check_crops(scale: Any, dataset: DatasetOptions, reader: RecordReader) -> None:
    if dataset is INVALID:
        return
    size = dataset.gt_size
    if size is None:
        reader.complain("datasets.train", 'the key "gt_size" is missing: the side of the training crops in pixels')
    elif isinstance(size, int) and isinstance(scale, int) and size % (8 * scale):
        near = max(1, round(size / (8 * scale))) * 8 * scale
        message = f"{size} is not a multiple of {8 * scale} (8 * scale); {near} would be"
        reader.complain("datasets.train.gt_size", message)
    if dataset.cache == "none":
        reader.ignore(dataset, "cache_limit_gb", "datasets.train", "cache is none")
    _check_corrupt(dataset, "datasets.train", reader)


def _check_corrupt(dataset: DatasetOptions, where: str, reader: RecordReader) -> None:
    if dataset.on_corrupt == "error":
        reader.ignore(dataset, "max_corrupt", where, "on_corrupt is error")


def check_evaluation_datasets(datasets: dict[str, DatasetOptions], reader: RecordReader) -> None:
    """Names are unique, and what only training has a use for is noted as without effect."""
    keys_by_name: dict[str, str] = {}
    for key, dataset in datasets.items():
        if not isinstance(dataset, DatasetOptions):
            continue
        for setting in TRAINING_ONLY_KEYS:
            reader.ignore(dataset, setting, f"datasets.{key}", "is for training data")
        _check_corrupt(dataset, f"datasets.{key}", reader)
        if isinstance(dataset.name, str):
            other = keys_by_name.setdefault(dataset.name, key)
            if other != key:
                message = f'datasets.{other} has the name "{dataset.name}" too; their results would share a folder'
                reader.complain(f"datasets.{key}.name", message)


def _check_rate(losses: LossesOptions, network: Component, reader: RecordReader) -> None:
    if not isinstance(losses, LossesOptions) or losses.rate is None or not isinstance(network, Component):
        return
    cls = find_class(ARCHS, network.type)
    if cls is not None and takes_but_lacks(cls, network, "rate"):
        message = "the network has no rate model; give network_g.rate, such as {type: factorized}, or drop this loss"
        reader.complain("train.losses.rate", message)


def _check_loop(train: TrainingOptions, device: str, reader: RecordReader) -> None:
    if train.precision == "fp16" and device == "cpu":
        reader.complain("train.precision", "fp16 wants a GPU, but device is cpu; bf16 works on both")
    if isinstance(train.scheduler, SchedulerOptions) and train.scheduler.type in _SCHEDULERS:
        used = _SCHEDULERS[train.scheduler.type]
        for setting in ("milestones", "gamma", "eta_min"):
            if setting not in used:
                reader.ignore(train.scheduler, setting, "train.scheduler", f"{train.scheduler.type} has none")
        if "milestones" in used and train.scheduler.milestones is None:
            reader.complain("train.scheduler", f"{train.scheduler.type} needs milestones: a list, or every so many")
        if "eta_min" in used:
            _check_final_rate(train, reader)


def _check_final_rate(train: TrainingOptions, reader: RecordReader) -> None:
    final = train.scheduler.eta_min
    for name in ("optim_g", "optim_rate", "optim_aux"):
        optimizer = getattr(train, name)
        if not isinstance(optimizer, OptimizerOptions) or INVALID in (final, optimizer.lr):
            continue
        if final > optimizer.lr:
            message = f"{final:g} is above train.{name}.lr, {optimizer.lr:g}: the learning rate would rise"
            reader.complain("train.scheduler.eta_min", message)
