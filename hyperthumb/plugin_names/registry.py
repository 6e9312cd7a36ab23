"""`hyperthumb.registry`: the registries, under the name that plug-ins import."""

from hyperthumb.base.component import Component
from hyperthumb.base.registry import (
    ARCHS,
    BASELINES,
    DATASETS,
    DECODERS,
    ENCODERS,
    LOSSES,
    QUANTIZATIONS,
    RATE_MODELS,
    PartOf,
    Registry,
)

__all__ = [
    "ARCHS",
    "BASELINES",
    "DATASETS",
    "DECODERS",
    "ENCODERS",
    "LOSSES",
    "QUANTIZATIONS",
    "RATE_MODELS",
    "Component",
    "PartOf",
    "Registry",
]
