"""Rivals, each as one `Rescaler`."""

from .bicubic_jpeg import BicubicJpeg
from .rescaler import Rescaler

__all__ = ["BicubicJpeg", "Rescaler"]
