"""Tensors that never change, made once for each device and type."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def constant(make: Callable[[], Tensor]) -> Callable[[torch.device, torch.dtype], Tensor]:
    """Decorator: the tensor that `make` gives, as a function of device and dtype that remembers its copies.

    Copying it at each use would make a GPU wait for the CPU. `torch.compile` folds it into its graph by itself.
    """
    made: dict[tuple[torch.device, torch.dtype], Tensor] = {}

    def on(device: torch.device, dtype: torch.dtype) -> Tensor:
        if torch.compiler.is_compiling():
            return make().to(device, dtype)
        if (device, dtype) not in made:
            # A copy that was first made in inference mode could take part in no gradient ever after.
            with torch.inference_mode(False):
                made[device, dtype] = make().to(device, dtype)
        return made[device, dtype]

    return on
