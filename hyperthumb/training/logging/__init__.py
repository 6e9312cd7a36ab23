"""What a run says while it runs: a log, a progress bar, TensorBoard and Weights & Biases."""

from .board import Board
from .progress import Progress
from .text import log_to_file, open_log

__all__ = ["Board", "Progress", "log_to_file", "open_log"]
