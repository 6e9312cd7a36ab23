"""Options files: typed, strict, and with the file and the line in every complaint."""

from hyperthumb.base.component import Component
from hyperthumb.base.errors import OptionsError, OptionsWarning

from .benchmark import BenchmarkOptions, BenchmarkRow, CropOptions
from .complaints import Location
from .dump import dump_options
from .loading import load_benchmark_options, load_network_options, load_test_options, load_train_options
from .schema import (
    DatasetOptions,
    DistOptions,
    LoggerOptions,
    LossesOptions,
    LpipsOptions,
    NetworkOptions,
    OptimizerOptions,
    OwnLossOptions,
    PathOptions,
    RateLossOptions,
    SchedulerOptions,
    TestOptions,
    TrainDatasets,
    TrainingOptions,
    TrainOptions,
    ValidationOptions,
    WandbOptions,
    WeightedLoss,
)

__all__ = [
    "BenchmarkOptions",
    "BenchmarkRow",
    "Component",
    "CropOptions",
    "DatasetOptions",
    "DistOptions",
    "Location",
    "LoggerOptions",
    "LossesOptions",
    "LpipsOptions",
    "NetworkOptions",
    "OptimizerOptions",
    "OptionsError",
    "OptionsWarning",
    "OwnLossOptions",
    "PathOptions",
    "RateLossOptions",
    "SchedulerOptions",
    "TestOptions",
    "TrainDatasets",
    "TrainOptions",
    "TrainingOptions",
    "ValidationOptions",
    "WandbOptions",
    "WeightedLoss",
    "dump_options",
    "load_benchmark_options",
    "load_network_options",
    "load_test_options",
    "load_train_options",
]
