"""Training losses, by name in `LOSSES`: on pixels and on structure of pictures, and the rate in bits per pixel."""

from .pixel import CharbonnierLoss, L1Loss, LogMSELoss, MSELoss
from .rate import bits_per_pixel_loss
from .structure import FourierLoss, LPIPSLoss, MSSSIMLoss

__all__ = [
    "CharbonnierLoss",
    "FourierLoss",
    "L1Loss",
    "LPIPSLoss",
    "LogMSELoss",
    "MSELoss",
    "MSSSIMLoss",
    "bits_per_pixel_loss",
]
