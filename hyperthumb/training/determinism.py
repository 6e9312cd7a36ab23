"""Makes runs repeat bit by bit: seeds for each step, and `deterministic: true` for GPUs.

The random numbers of a step depend only on the seed and the step, so a run can resume without a generator's state.

Most GPU operations give the same bits each time. PyTorch replaces some of the others by slower, deterministic ones, and
warns about the rest. A training pass of a copy of the network finds out which ones it uses.
"""

from __future__ import annotations

import copy
import hashlib
import logging
import os
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from hyperthumb.data.order import NOISE_STREAM, random_words
from hyperthumb.models.contract import RescalingNetwork

from .objective import Objective

# Kernels that are replaced on CUDA according to the documentation of `torch.use_deterministic_algorithms`, and matrix
# products, for which cuBLAS gets its own workspace.
_REPLACED = {
    "convolution", "convolution_backward", "mm", "bmm", "addmm", "baddbmm", "index_put", "index_put_",
    "_index_put_impl_", "index_add", "index_add_", "index_copy", "index_copy_", "scatter", "scatter_", "scatter_add",
    "scatter_add_", "scatter_reduce", "scatter_reduce_", "replication_pad1d_backward", "replication_pad2d_backward",
    "replication_pad3d_backward",
}  # fmt: skip
_NO_REPLACEMENT = " does not have a deterministic implementation"


class _Operations(TorchDispatchMode):
    """Collects the names of the operations that run in the with block."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.names.add(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


def seed_iteration(seed: int, iteration: int, micro_batch: int = 0, rank: int = 0) -> None:
    """Seeds torch's generators of all devices, for layers that use them, such as BasicSR's stochastic depth."""
    digest = hashlib.sha256(f"{seed}:{iteration}:{micro_batch}:{rank}".encode()).digest()
    torch.manual_seed(int.from_bytes(digest[:8], "little") >> 1)


def noise_keys(seed: int, places: Sequence[int]) -> Tensor:
    """(B, 2) int64 keys for `hyperthumb.base.noise`, one for the crop at each place of a run.

    A place is the index of a crop in the whole run over all processes (data/order.py). So the noise of a crop does not
    depend on the process or the micro-batch that gets it.
    """
    words = np.array([random_words(seed, place, NOISE_STREAM, 1)[0] for place in places])
    return torch.from_numpy(np.stack([words >> np.uint64(32), words & np.uint64(0xFFFFFFFF)], 1).astype(np.int64))


def make_deterministic() -> None:
    """Switches this process to deterministic operations. Call it before the first use of the GPU, for cuBLAS."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.backends.cudnn.deterministic = True
    torch.use_deterministic_algorithms(True, warn_only=True)


def report_determinism(network: RescalingNetwork, objective: Objective, side: int, device: torch.device) -> None:
    """Logs which operations of a training step are replaced, and which may still differ between runs.

    A copy of the network does the pass, on a crop of `side` pixels.
    """
    logger = logging.getLogger("hyperthumb")
    small = side // network.scale
    hr = torch.full((1, 3, side, side), 0.5, device=device)
    reference = torch.full((1, 3, small, small), 0.5, device=device)
    probe = copy.deepcopy(network).train()
    names, without = watch(lambda: objective(probe(hr), hr, reference).total.backward())
    if device.type == "cpu":
        logger.info("deterministic: no operation was replaced; on a CPU a seed always gives the same weights")
    else:
        replaced = ", ".join(sorted(names & _REPLACED)) or "none"
        logger.info("deterministic: replaced by slower operations: %s", replaced)
    for name in without:
        logger.warning("warning: deterministic: %s has no replacement, so two runs may differ in their last bits", name)


def watch(work: Callable[[], None]) -> tuple[set[str], list[str]]:
    """The names of all operations in `work`, and of those without a deterministic version in PyTorch."""
    with warnings.catch_warnings(record=True) as caught, _Operations() as operations:
        warnings.simplefilter("always")
        work()
    messages = [str(warning.message) for warning in caught]
    return operations.names, sorted({m.partition(_NO_REPLACEMENT)[0] for m in messages if _NO_REPLACEMENT in m})
