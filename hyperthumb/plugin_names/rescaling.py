"""`hyperthumb.rescaling`: the contract of a network, under the name that plug-ins import."""

from hyperthumb.models.contract import (
    Analysis,
    CompressedBatch,
    Mapped,
    PixelNetwork,
    RescaleOutput,
    RescalingNetwork,
)
from hyperthumb.models.inference import Analyzer, Restorer

__all__ = [
    "Analysis",
    "Analyzer",
    "CompressedBatch",
    "Mapped",
    "PixelNetwork",
    "RescaleOutput",
    "RescalingNetwork",
    "Restorer",
]
