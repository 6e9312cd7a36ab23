"""Options files: typed, strict, and with the file and the line in every complaint."""

from hyperthumb.base.component import Component as Component
from hyperthumb.base.errors import OptionsError as OptionsError
from hyperthumb.base.errors import OptionsWarning as OptionsWarning

from .dump import dump_options as dump_options
from .loading import load_benchmark_options as load_benchmark_options
from .loading import load_network_options as load_network_options
from .loading import load_test_options as load_test_options
from .loading import load_train_options as load_train_options
from .schema import DatasetOptions as DatasetOptions
from .schema import DistOptions as DistOptions
from .schema import EvaluationOptions as EvaluationOptions
from .schema import LoggerOptions as LoggerOptions
from .schema import LpipsOptions as LpipsOptions
from .schema import NetworkOptions as NetworkOptions
from .schema import PathOptions as PathOptions
from .schema import TrainDatasets as TrainDatasets
from .schema import TrainOptions as TrainOptions
from .schema import ValidationOptions as ValidationOptions
from .schema import WandbOptions as WandbOptions
from .schema_benchmark import BenchmarkOptions as BenchmarkOptions
from .schema_benchmark import BenchmarkRow as BenchmarkRow
from .schema_benchmark import CropOptions as CropOptions
from .schema_training import LossesOptions as LossesOptions
from .schema_training import NamedLoss as NamedLoss
from .schema_training import OptimizerOptions as OptimizerOptions
from .schema_training import OwnLossOptions as OwnLossOptions
from .schema_training import RateLossOptions as RateLossOptions
from .schema_training import SchedulerOptions as SchedulerOptions
from .schema_training import TrainingOptions as TrainingOptions
from .schema_training import WeightedLoss as WeightedLoss
