"""Keys of BasicSR's and the original HyperThumbnail's files that mean nothing here, by section, with the reasons."""

from __future__ import annotations

from .schema import DatasetOptions, DistOptions, EvaluationOptions, PathOptions, TrainOptions, ValidationOptions
from .schema_training import TrainingOptions

_DEVICE = "`device` and the launcher say what is used"
_ALWAYS = "every metric is always reported; `protocol` and `lpips` choose how"
_WHOLE = "whole pictures are tested"
_MODEL = "there is one trainer for every network"

KEYS: dict[type, dict[str, str]] = {
    TrainOptions: {"model_type": _MODEL, "num_gpu": _DEVICE, "find_unused_parameters": "all parameters are used"},
    EvaluationOptions: {
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
