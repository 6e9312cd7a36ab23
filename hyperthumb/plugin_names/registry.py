"""`hyperthumb.registry`: the registries, under the name that plug-ins import."""

from hyperthumb.base.registry import (
    ARCHS,
    BASELINES,
    DATASETS,
    DECODERS,
    ENCODERS,
    LOSSES,
    QUANTIZATIONS,
    RATE_MODELS,
    Buildable,
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
    "Buildable",
    "PartOf",
    "Registry",
]
