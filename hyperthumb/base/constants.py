"""Constant tensors that are created once per device and dtype."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def constant(make: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Decorator: turns `make(*arguments)` into a function (device, dtype, *arguments) that caches the tensor.

    Copying the tensor to a GPU at each use would make the GPU wait for the CPU. `torch.compile` needs no cache, because
    it folds the constant into its graph.
    """
    made: dict[tuple[object, ...], Tensor] = {}

    def on(device: torch.device, dtype: torch.dtype, *arguments: int) -> Tensor:
        if torch.compiler.is_compiling():
            return make(*arguments).to(device, dtype)
        key = (device, dtype, *arguments)
        if key not in made:
            # A tensor that is created in inference mode cannot be used with gradients later.
            with torch.inference_mode(False):
                made[key] = make(*arguments).to(device, dtype)
        return made[key]

    return on
