"""Several processes, one model: start-up for torchrun and Slurm, and the few collectives that training needs.

Gradients are averaged in one flat all-reduce after the last micro-batch. With a thumbnail codec's 1 to 12 million
parameters that is a few milliseconds, and unlike a wrapper around the network it treats the auxiliary loss, whose
parameters the forward pass never sees, like any other gradient.
"""

from __future__ import annotations

import os
import subprocess
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from hyperthumb.errors import OptionsError, OptionsWarning

T = TypeVar("T")


@dataclass(frozen=True)
class World:
    """This process among all: `rank` of `size`, `local_rank` on its machine."""

    rank: int = 0
    local_rank: int = 0
    size: int = 1

    @property
    def is_main(self) -> bool:
        return self.rank == 0


def join_world(launcher: str, backend: str, device: str) -> World:
    """Reads the launcher's variables and joins the process group.

    Args:
        launcher: none, pytorch (torchrun's RANK, LOCAL_RANK, WORLD_SIZE) or slurm (SLURM_PROCID and so on).
        backend: auto (nccl on CUDA, gloo otherwise) or a name that torch.distributed knows.
        device: "cpu" or "cuda".

    Raises:
        OptionsError: when the launcher's variables are not there.
    """
    if launcher == "none":
        return World()
    names = {
        "pytorch": ("RANK", "LOCAL_RANK", "WORLD_SIZE"),
        "slurm": ("SLURM_PROCID", "SLURM_LOCALID", "SLURM_NTASKS"),
    }[launcher]
    missing = [name for name in names if name not in os.environ]
    if missing:
        start = "torchrun --nproc_per_node=N run_train.py ..." if launcher == "pytorch" else "srun"
        raise OptionsError(f"--launcher {launcher} needs {', '.join(missing)} in the environment; start with {start}")
    rank, local_rank, size = (int(os.environ[name]) for name in names)
    if launcher == "slurm":
        os.environ.setdefault("MASTER_ADDR", _first_slurm_host())
        os.environ.setdefault("MASTER_PORT", "29500")
    if device == "cuda":
        torch.cuda.set_device(local_rank)
    if backend == "nccl" and device == "cpu":
        warnings.warn(OptionsWarning("dist_params.backend: nccl needs CUDA; gloo takes its place"), stacklevel=2)
        backend = "gloo"
    if backend == "auto":
        backend = "nccl" if device == "cuda" else "gloo"
    dist.init_process_group(backend, rank=rank, world_size=size)
    return World(rank, local_rank, size)


def leave_world() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


def _first_slurm_host() -> str:
    nodes = os.environ["SLURM_NODELIST"]
    listed = subprocess.run(
        ["scontrol", "show", "hostnames", nodes], capture_output=True, text=True, check=True, timeout=60
    )
    return listed.stdout.split()[0]


def average_gradients(parameters: Sequence[nn.Parameter], world: World) -> None:
    """Replaces each gradient by its mean over all processes; a missing one counts as zero, on every rank alike."""
    if world.size == 1:
        return
    for p in parameters:
        if p.grad is None:
            p.grad = torch.zeros_like(p)
    flat = torch.cat([p.grad.reshape(-1) for p in parameters if p.grad is not None])
    dist.all_reduce(flat)
    flat /= world.size
    for p, part in zip(parameters, flat.split([p.numel() for p in parameters]), strict=True):
        assert p.grad is not None
        p.grad.copy_(part.view_as(p))


def share_weights(module: nn.Module, world: World) -> None:
    """Gives every process the first one's parameters and buffers."""
    if world.size > 1:
        for tensor in [*module.parameters(), *module.buffers()]:
            if tensor.numel():
                dist.broadcast(tensor.data, src=0)


def any_rank(flag: bool, world: World, device: torch.device) -> bool:
    """True on every rank when it is true on one: so that all stop at the same iteration."""
    if world.size == 1:
        return flag
    value = torch.tensor(int(flag), device=device)
    dist.all_reduce(value, op=dist.ReduceOp.MAX)
    return bool(value.item())


def gather_in_order(mine: list[T], world: World) -> list[T]:
    """Rank r's items are numbers r, r + size, r + 2 size, ...; returns all in their order, on every rank."""
    if world.size == 1:
        return mine
    parts: list[Any] = [None] * world.size
    dist.all_gather_object(parts, mine)
    longest = max(len(part) for part in parts)
    return [part[k] for k in range(longest) for part in parts if k < len(part)]


def mean_over_ranks(values: dict[str, Tensor], world: World) -> dict[str, float]:
    """The mean of logged scalars over all processes; one device synchronisation for all of them."""
    stacked = torch.stack([value.float() for value in values.values()])
    if world.size > 1:
        dist.all_reduce(stacked)
        stacked /= world.size
    return dict(zip(values, stacked.tolist(), strict=True))
