"""What a run says while it runs: a log, a progress bar, TensorBoard and Weights & Biases."""

from .board import Board
from .progress import Progress
from .text import open_log

__all__ = ["Board", "Progress", "open_log"]
