"""SOAP: Adam in the eigenbasis of Shampoo's preconditioner (Vyas et al., ICLR 2025, algorithms 3 and 4).

Vectors are trained by Adam. As in the authors' code, a tensor has a basis for each of its axes, and the first gradient
of a matrix only sets up its bases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

_EPSILON = 1e-8
_LONGEST = 2048
"""Longer axes have no basis of their own: their matrices would cost more than the step (the paper's section 7.1)."""


class SOAP(torch.optim.Optimizer):
    """Adam's step on gradients that are rotated to where Shampoo's preconditioner is nearly diagonal.

    Args:
        parameters: what to train. Weights (out, in, k, k) of convolutions count as tensors (out, in, k * k).
        lr: the learning rate.
        betas: of the mean, and of the mean square and the preconditioners.
        weight_decay: decoupled, as AdamW's.
        frequency: steps between two updates of the bases.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        lr: float,
        betas: tuple[float, float] = (0.95, 0.95),
        weight_decay: float = 0.0,
        frequency: int = 10,
    ) -> None:
        super().__init__(
            list(parameters), {"lr": lr, "betas": betas, "weight_decay": weight_decay, "frequency": frequency}
        )

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Takes one step; parameters without a gradient stay as they are."""
        assert closure is None
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._step(parameter, group)

    def _step(self, parameter: Tensor, group: dict[str, Any]) -> None:
        assert parameter.grad is not None
        gradient = parameter.grad.flatten(2) if parameter.ndim > 2 else parameter.grad
        state = self.state[parameter]
        if not state:
            state["step"] = 0
            state["mean"], state["square"] = torch.zeros_like(gradient), torch.zeros_like(gradient)
            state["grams"] = [_gram(gradient, axis) for axis in _rotated_axes(gradient)]
            state["bases"] = [_eigenvectors(gram) for gram in state["grams"]]
            if state["bases"]:
                return
        first, second = group["betas"]
        state["step"] += 1
        axes, bases = _rotated_axes(gradient), state["bases"]
        mean = state["mean"].lerp_(gradient, 1 - first)
        rotated = _rotate(gradient, axes, bases)
        square = state["square"].mul_(second).addcmul_(rotated, rotated, value=1 - second)
        scale = (square / (1 - second ** state["step"])).sqrt_().add_(_EPSILON)
        ahead = _rotate(mean, axes, bases) / (1 - first ** state["step"])
        moved = _rotate(ahead / scale, axes, [basis.mT for basis in bases])
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        parameter.add_(moved.reshape(parameter.shape), alpha=-group["lr"])
        for axis, gram in zip(axes, state["grams"], strict=True):
            gram.lerp_(_gram(gradient, axis), 1 - second)
        if state["step"] % group["frequency"] == 0:
            # Algorithm 4: one step of orthogonal iteration instead of an eigendecomposition.
            pairs = zip(state["grams"], bases, strict=True)
            state["bases"] = [torch.linalg.qr(gram @ basis).Q for gram, basis in pairs]


def _rotated_axes(gradient: Tensor) -> list[int]:
    """The axes of a matrix or tensor that have a basis; none of a vector."""
    if gradient.ndim < 2:
        return []
    return [axis for axis, length in enumerate(gradient.shape) if 1 < length <= _LONGEST]


def _gram(gradient: Tensor, axis: int) -> Tensor:
    """G G^T over an axis, summed over all others: (n, n)."""
    rows = gradient.movedim(axis, 0).flatten(1)
    return rows @ rows.mT


def _eigenvectors(gram: Tensor) -> Tensor:
    """Columns, by falling eigenvalue."""
    return torch.linalg.eigh(gram.double()).eigenvectors.flip(1).to(gram.dtype)


def _rotate(tensor: Tensor, axes: Sequence[int], bases: Sequence[Tensor]) -> Tensor:
    """The coordinates of a tensor in other bases, whose vectors are columns; with the transposed bases, back."""
    for axis, basis in zip(axes, bases, strict=True):
        tensor = torch.tensordot(tensor, basis, ([axis], [0])).movedim(-1, axis)
    return tensor
