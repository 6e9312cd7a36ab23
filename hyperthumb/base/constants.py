"""Tensors that never change, made once for each device and type."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def constant(make: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Decorator: the tensor that `make(*arguments)` gives, as a function (device, dtype, *arguments) that remembers it.

    Copying it at each use would make a GPU wait for the CPU. `torch.compile` folds it into its graph by itself.
    """
    made: dict[tuple[object, ...], Tensor] = {}

    def on(device: torch.device, dtype: torch.dtype, *arguments: int) -> Tensor:
        if torch.compiler.is_compiling():
            return make(*arguments).to(device, dtype)
        key = (device, dtype, *arguments)
        if key not in made:
            # A copy that was first made in inference mode could take part in no gradient ever after.
            with torch.inference_mode(False):
                made[key] = make(*arguments).to(device, dtype)
        return made[key]

    return on
