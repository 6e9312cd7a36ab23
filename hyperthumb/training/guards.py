"""Stops a run before numbers that are not finite reach the weights."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from hyperthumb.errors import NonFiniteError

from .objective import LossTerms


def check_losses(terms: LossTerms, iteration: int, names: Sequence[str]) -> None:
    """Raises NonFiniteError, with every term and the batch's image names, when the total is not finite."""
    if bool(torch.isfinite(terms.total)):
        return
    values = ", ".join(f"{name} {float(value):g}" for name, value in terms.named().items())
    raise NonFiniteError(
        f"the loss is not finite at iteration {iteration} ({values}); images: {', '.join(names)}. "
        "The weights were not touched; the last checkpoint is good."
    )


def check_gradient(norm: Tensor, terms: LossTerms, iteration: int, names: Sequence[str]) -> None:
    """Raises NonFiniteError when a gradient's norm is not finite; called before any optimizer's step."""
    if bool(torch.isfinite(norm)):
        return
    values = ", ".join(f"{name} {float(value):g}" for name, value in terms.named().items())
    raise NonFiniteError(
        f"the gradient is not finite at iteration {iteration} (norm {float(norm):g}; {values}); "
        f"images: {', '.join(names)}. The weights were not touched; the last checkpoint is good."
    )


def check_auxiliary(loss: Tensor, iteration: int) -> None:
    """Raises NonFiniteError when the entropy bottleneck's own loss is not finite."""
    if not bool(torch.isfinite(loss)):
        raise NonFiniteError(f"the auxiliary loss is not finite at iteration {iteration}; the last checkpoint is good.")
