"""`hyperthumb.rescaling`: the contract of a network, under the name that plug-ins import."""

from hyperthumb.models.contract import Analysis, CompressedBatch, RescaleOutput, RescalingNetwork

__all__ = ["Analysis", "CompressedBatch", "RescaleOutput", "RescalingNetwork"]
