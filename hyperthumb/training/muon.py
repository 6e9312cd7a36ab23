"""Muon: momentum with orthogonalized steps for the weights of convolutions, and Adam for everything else.

K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024. The size of a step follows J. Liu et
al., "Muon is scalable for LLM training", 2025, section 2.2, so that Adam's learning rates can be used.
`torch.optim.Muon` supports only two-dimensional parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

_SMALLEST_SIDE = 16
"""With fewer input or output channels, orthogonalized steps do not help, because there are too few directions."""
_STEPS = 5
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # Jordan et al.: steepest at zero, 0.7 to 1.2 after five steps


class Muon(torch.optim.Optimizer):
    """Takes steps of equal size in all directions of a weight matrix, so weak directions learn as fast as strong ones.

    Args:
        parameters: the parameters to train. Weights (out, in, k, k) of convolutions with k > 1 and at least 16 input
            and output channels are treated as matrices (out, in * k * k). All others are trained with Adam.
        lr: learning rate of both. The entries of a matrix change by 0.2 * lr (root mean square), about as with Adam.
        betas: Adam's decay rates.
        momentum: Nesterov momentum of the matrices' gradient.
        weight_decay: decoupled weight decay, as in AdamW.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.99),
        momentum: float = 0.95,
        weight_decay: float = 0.0,
    ) -> None:
        given = list(parameters)
        parts = {matrices: [p for p in given if _is_matrix(p) == matrices] for matrices in (True, False)}
        groups = [{"params": part, "matrices": matrices} for matrices, part in parts.items() if part]
        super().__init__(groups, {"lr": lr, "betas": betas, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Takes one step. Parameters without a gradient do not change."""
        assert closure is None
        for group in self.param_groups:
            trained = [p for p in group["params"] if p.grad is not None]
            if group["weight_decay"]:
                torch._foreach_mul_(trained, 1 - group["lr"] * group["weight_decay"])
            if group["matrices"]:
                self._step_matrices(trained, group)
            else:
                self._step_others(trained, group)

    def _step_matrices(self, trained: list[Tensor], group: dict[str, Any]) -> None:
        by_shape: dict[torch.Size, list[tuple[Tensor, Tensor]]] = {}
        for parameter in trained:
            assert parameter.grad is not None
            state = self.state[parameter]
            if not state:
                state["momentum"] = torch.zeros_like(parameter)
            average = state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
            ahead = parameter.grad.lerp(average, group["momentum"])
            by_shape.setdefault(parameter.shape, []).append((parameter, ahead.flatten(1)))
        for shape, pairs in by_shape.items():  # a batch for each shape, which is faster than single small products
            steps = orthogonalize(torch.stack([ahead for _, ahead in pairs]))
            size = 0.2 * max(steps.shape[1:]) ** 0.5
            for (parameter, _), step in zip(pairs, steps, strict=True):
                parameter.add_(step.view(shape), alpha=-group["lr"] * size)

    def _step_others(self, trained: list[Tensor], group: dict[str, Any]) -> None:
        first, second = group["betas"]
        for parameter in trained:
            assert parameter.grad is not None
            state = self.state[parameter]
            if not state:
                state["step"] = 0
                state["mean"], state["square"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
            state["step"] += 1
            mean = state["mean"].lerp_(parameter.grad, 1 - first)
            square = state["square"].mul_(second).addcmul_(parameter.grad, parameter.grad, value=1 - second)
            scale = (square / (1 - second ** state["step"])).sqrt_().add_(1e-8)
            parameter.addcdiv_(mean, scale, value=-group["lr"] / (1 - first ** state["step"]))


def orthogonalize(matrices: Tensor) -> Tensor:
    """Replaces the singular values of (n, rows, columns) matrices by values near 1 (0.7 to 1.2).

    It uses Newton-Schulz iterations in bfloat16, because the result need not be exact.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    x = (matrices.mT if tall else matrices).bfloat16()
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    a, b, c = _COEFFICIENTS
    for _ in range(_STEPS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.mT if tall else x).to(matrices.dtype)


def _is_matrix(parameter: Tensor) -> bool:
    return parameter.ndim == 4 and parameter.shape[-1] > 1 and min(parameter.shape[:2]) >= _SMALLEST_SIDE
