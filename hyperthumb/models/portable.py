"""What of a network goes into a model file: all of it, but for a rate model that would bring heavy packages along."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from hyperthumb.base.component import Component
from hyperthumb.base.registry import RATE_MODELS

from .header import RATE_PREFIX

_RATE = "rate"


def portable_part(part: Component) -> Component:
    """`part`, without its rate model where that says nothing of `in_model_files` (see `RateModel`)."""
    return Component(part.type, dict(part.arguments)) if _rate_travels(part) else without_rate(part)


def without_rate(part: Component) -> Component:
    """`part` without its rate model, which only guesses at a file's size: nobody needs it to make or restore one."""
    return Component(part.type, {name: value for name, value in part.arguments.items() if name != _RATE})


def has_rate(part: Component) -> bool:
    """Whether a network names a rate model."""
    return part.arguments.get(_RATE) is not None


def fitting_weights(weights: Mapping[str, Tensor], part: Component) -> dict[str, Tensor]:
    """`weights`, without a rate model's where `part` has none."""
    return {name: value for name, value in weights.items() if has_rate(part) or not name.startswith(RATE_PREFIX)}


def _rate_travels(part: Component) -> bool:
    name = getattr(part.arguments.get(_RATE), "type", None)
    return isinstance(name, str) and name in RATE_MODELS and getattr(RATE_MODELS.get(name), "in_model_files", False)
