"""Settings that are understood and have no effect, and the one warning that names them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from hyperthumb.base.errors import OptionsWarning

from .complaints import Location
from .schema import (
    DatasetOptions,
    DistOptions,
    PathOptions,
    TestOptions,
    TrainingOptions,
    TrainOptions,
    ValidationOptions,
)

_DEVICE = "`device` and the launcher say what is used"
_ALWAYS = "every metric is always reported; `protocol` and `lpips` choose how"
_WHOLE = "whole pictures are tested"
_MODEL = "there is one trainer for every network"

# Keys of BasicSR's and the original HyperThumbnail's files that mean nothing here, by section, each with the reason.
KEYS: dict[type, dict[str, str]] = {
    TrainOptions: {"model_type": _MODEL, "num_gpu": _DEVICE, "find_unused_parameters": "all parameters are used"},
    TestOptions: {
        "model_type": _MODEL,
        "num_gpu": _DEVICE,
        "manual_seed": "a test draws nothing at random",
        "deterministic": "a test repeats anyway",
        "train": "nothing is trained",
        "logger": "a test has no iterations to log",
        "dist_params": "a test is one process",
    },
    DatasetOptions: {
        "use_shuffle": "training always shuffles, tests never do",
        "dataset_enlarge_ratio": "the order of pictures has no end",
        "prefetch_mode": "workers prefetch",
        "num_prefetch_queue": "workers prefetch",
        "pin_memory": "decided by the device",
        "crop_val": _WHOLE,
        "phase": "follows from the key",
    },
    PathOptions: {"ignore_resume_networks": "a resumed run takes all weights from its checkpoint"},
    TrainingOptions: {"bpp_cal_freq": "the estimated bpp is reported with the losses"},
    ValidationOptions: {
        "metrics": _ALWAYS,
        "val_scaled_lq": "thumbnails are always measured",
        "val_scaled_degrad_lq": "thumbnails are always measured",
        "save_jpeg": "the thumbnails' files are always written",
        "patch_mod": "sides are padded to multiples of 8 * scale",
        "suffix": "file names are the pictures' own",
        "pbar": "a terminal gets a progress bar",
    },
    DistOptions: {"port": "the launcher chooses it"},
}

# Of a data set's settings, those that only training crops have a use for.
TRAINING_ONLY_KEYS = (
    "gt_size",
    "use_flip",
    "use_rot",
    "batch_size_per_gpu",
    "num_worker_per_gpu",
    "cache",
    "cache_limit_gb",
)


@dataclass(frozen=True, order=True)
class Ignored:
    """One setting without effect: its place, its dotted path, and why."""

    location: Location
    where: str
    reason: str


def warn(ignored: list[Ignored], stacklevel: int) -> None:
    """One `OptionsWarning` that names all settings without effect, by file and line; nothing when there are none."""
    if ignored:
        lines = [f"{entry.location}: {entry.where} ({entry.reason})" for entry in sorted(set(ignored))]
        count = "this setting has" if len(lines) == 1 else f"these {len(lines)} settings have"
        message = "\n  ".join([f"{count} no effect:", *lines])
        warnings.warn(OptionsWarning(message), stacklevel=stacklevel + 1)
