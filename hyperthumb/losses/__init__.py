"""Training losses, by name in `LOSSES`: pixel losses on pictures, and the rate in bits per pixel."""

from .pixel import CharbonnierLoss, L1Loss, LogMSELoss, MSELoss
from .rate import bits_per_pixel_loss

__all__ = ["CharbonnierLoss", "L1Loss", "LogMSELoss", "MSELoss", "bits_per_pixel_loss"]
