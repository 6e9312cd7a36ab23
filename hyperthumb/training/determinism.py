"""`deterministic: true`: the same bits in every run on the same GPU, and a word on what that takes.

Most operations give the same bits each time. PyTorch replaces some of the others by slower ones that do too, and only
warns of the rest. What a network needs of either kind is found by one training pass of a copy of it.
"""

from __future__ import annotations

import copy
import logging
import os
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from hyperthumb.models.contract import RescalingNetwork

from .objective import Objective

# What `torch.use_deterministic_algorithms` documents as replaced on CUDA, by the names of its kernels; and the matrix
# products, for which cuBLAS gets a workspace of its own.
_REPLACED = {
    "convolution", "convolution_backward", "mm", "bmm", "addmm", "baddbmm", "index_put", "index_put_",
    "_index_put_impl_", "index_add", "index_add_", "index_copy", "index_copy_", "scatter", "scatter_", "scatter_add",
    "scatter_add_", "scatter_reduce", "scatter_reduce_", "replication_pad1d_backward", "replication_pad2d_backward",
    "replication_pad3d_backward",
}  # fmt: skip
_NO_REPLACEMENT = " does not have a deterministic implementation"


class _Operations(TorchDispatchMode):
    """Collects the names of the operations that run inside."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.names.add(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


def make_deterministic() -> None:
    """Switches this process over; before its first work on the GPU, because cuBLAS reads its setting then."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.backends.cudnn.deterministic = True
    torch.use_deterministic_algorithms(True, warn_only=True)


def report_determinism(
    network: RescalingNetwork, objective: Objective, side: int, device: torch.device, logger: logging.Logger
) -> None:
    """Says in the log which operations of a training step are replaced, and which may still differ between runs.

    Args:
        network: is left as it is; a copy takes the pass.
        objective: the losses.
        side: of a crop of training, in pixels.
        device: where `network` is.
        logger: where to.
    """
    small = side // network.scale
    hr = torch.full((1, 3, side, side), 0.5, device=device)
    reference = torch.full((1, 3, small, small), 0.5, device=device)
    probe = copy.deepcopy(network).train()
    names, without = watch(lambda: objective(probe(hr), hr, reference).total.backward())
    if device.type == "cpu":
        logger.info("deterministic: nothing had to be replaced; on a CPU a seed always gives the same weights")
    else:
        logger.info("deterministic: by slower ones were replaced: %s", ", ".join(sorted(names & _REPLACED)) or "none")
    for name in without:
        logger.warning("warning: deterministic: %s has no replacement; two runs may differ in their last bits", name)


def watch(work: Callable[[], None]) -> tuple[set[str], list[str]]:
    """The names of the operations that some work calls, and of those for which PyTorch has nothing deterministic."""
    with warnings.catch_warnings(record=True) as caught, _Operations() as operations:
        warnings.simplefilter("always")
        work()
    messages = [str(warning.message) for warning in caught]
    return operations.names, sorted({m.partition(_NO_REPLACEMENT)[0] for m in messages if _NO_REPLACEMENT in m})
