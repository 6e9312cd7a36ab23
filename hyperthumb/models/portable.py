"""Selects the parts of a network that go into a model file: all except a rate model that needs other packages."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from torch import Tensor

from hyperthumb.base.component import Component
from hyperthumb.base.registry import RATE_MODELS

from .header import RATE_PREFIX

_RATE = "rate"


def portable_part(part: Component) -> Component:
    """Removes the rate model from `part`, unless its class sets `in_model_files` (see `RateModel`).

    A rate model only estimates file sizes. Writing and restoring files does not need it.
    """
    rate = part.arguments.get(_RATE)
    stays_behind = rate is None or (isinstance(rate, Component) and not _goes_into_files(rate))
    arguments = {name: value for name, value in part.arguments.items() if name != _RATE or not stays_behind}
    return Component(part.type, arguments)


def fitting_weights(weights: Mapping[str, Tensor], names: Collection[str]) -> dict[str, Tensor]:
    """Removes a rate model's weights that are not among `names`."""
    return {name: value for name, value in weights.items() if name in names or not name.startswith(RATE_PREFIX)}


def _goes_into_files(rate: Component) -> bool:
    return rate.type in RATE_MODELS and getattr(RATE_MODELS.get(rate.type), "in_model_files", False)
