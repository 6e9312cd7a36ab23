"""Distributed training: start-up with torchrun or Slurm, and the collective operations.

Gradients are averaged in one flat all-reduce after the last micro-batch. A wrapper around the network (DDP) would not
average the gradients of the auxiliary loss, whose parameters take no part in the forward pass. The all-reduce also
tells each process whether the numbers of the others are finite.

Between steps, processes may wait long for one another, for example for larger validation pictures or for a checkpoint.
They wait in a separate group (`World.patient`), so that the time-out of a step can be short enough to detect a process
that hangs.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from hyperthumb.base.errors import OptionsError, OptionsWarning, PeersLostError
from hyperthumb.base.wording import whole_number

from .slurm import set_meeting_point

T = TypeVar("T")

PATIENCE = timedelta(days=1)
"""How long processes wait for one another between steps. A dead process is detected at once by its connections."""

_VARIABLES = {
    "pytorch": ("RANK", "LOCAL_RANK", "WORLD_SIZE"),
    "slurm": ("SLURM_PROCID", "SLURM_LOCALID", "SLURM_NTASKS"),
}


class Health(IntEnum):
    """Whether the numbers of a step are finite on one process. The worst health of all processes counts."""

    FINE = 0
    BAD_GRADIENT = 1
    BAD_LOSS = 2


@dataclass(frozen=True)
class World:
    """The place of this process: `rank` of `size`, `local_rank` on its machine. `patient` is the group for waiting."""

    rank: int = 0
    local_rank: int = 0
    size: int = 1
    patient: dist.ProcessGroup | None = None

    @property
    def is_main(self) -> bool:
        return self.rank == 0


def join_world(launcher: str, backend: str, device: str, timeout_minutes: float = 30) -> World:
    """Reads the launcher's variables and joins the process group.

    Args:
        launcher: none, pytorch (torchrun's RANK, LOCAL_RANK, WORLD_SIZE) or slurm (SLURM_PROCID and so on).
        backend: auto (nccl on CUDA, gloo otherwise) or a name that torch.distributed knows.
        device: "cpu" or "cuda".
        timeout_minutes: how long a process waits for the others within a step, and at the start, before it gives up.

    Raises:
        OptionsError: if the launcher's variables are missing or invalid, if the port is in use, or if torchrun started
            several processes but `launcher` is none.
        PeersLostError: if the other processes do not join in time.
    """
    if launcher == "none":
        started = whole_number(os.environ.get("WORLD_SIZE", ""))  # if it is not a number, torchrun did not set it
        if all(os.environ.get(name) for name in _VARIABLES["pytorch"]) and started is not None and started > 1:
            # Each process would train the same experiment and overwrite what the others write.
            raise OptionsError(f"torchrun started {started} processes, but --launcher is none: add --launcher pytorch")
        return World()
    rank, local_rank, size = _read_variables(launcher)
    if device == "cuda":
        torch.cuda.set_device(local_rank % torch.cuda.device_count())  # with Slurm, a process may see only its own GPU
    if backend == "nccl" and device == "cpu":
        warnings.warn(OptionsWarning("dist_params.backend: nccl needs CUDA; gloo is used instead"), stacklevel=2)
        backend = "gloo"
    if backend == "auto":
        backend = "nccl" if device == "cuda" else "gloo"
    with _among_peers():
        dist.init_process_group(backend, rank=rank, world_size=size, timeout=timedelta(minutes=timeout_minutes))
        patient = dist.new_group(backend="gloo", timeout=PATIENCE)
    return World(rank, local_rank, size, patient)


def _read_variables(launcher: str) -> tuple[int, int, int]:
    """Rank, local rank and number of processes, checked; Slurm's processes also get their meeting point."""
    names = _VARIABLES[launcher]
    # The address is set from Slurm's variables. For torchrun it is checked here; PyTorch would raise a traceback.
    needed = (*names, "MASTER_ADDR", "MASTER_PORT") if launcher == "pytorch" else names
    missing = [name for name in needed if not os.environ.get(name)]
    if missing:
        start = "torchrun --nproc_per_node=N run_train.py ..." if launcher == "pytorch" else "srun"
        raise OptionsError(f"--launcher {launcher} needs {', '.join(missing)} in the environment; start with {start}")
    rank, local_rank, size = map(_whole_number, names)
    if rank >= size:
        raise OptionsError(f"{names[0]} is {rank} and {names[2]} is {size}; ranks must be 0 to {names[2]} - 1")
    if launcher == "slurm":
        set_meeting_point()
    if not 1 <= _whole_number("MASTER_PORT") <= 65535:
        raise OptionsError(f"MASTER_PORT is {os.environ['MASTER_PORT']}; it must be a number from 1 to 65535")
    return rank, local_rank, size


def _whole_number(name: str) -> int:
    """The value of an environment variable that is set."""
    text = os.environ[name].strip()
    number = whole_number(text)
    if number is None:
        raise OptionsError(f'{name} is "{text}" in the environment; it must be a whole number, 0 or more')
    return number


def leave_world() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


@contextmanager
def _among_peers() -> Iterator[None]:
    """Turns PyTorch's errors about other processes into messages."""
    try:
        yield
    except RuntimeError as error:
        reason = str(error).partition("\n")[0]
        if "EADDRINUSE" in reason:  # raised by the first process, which listens; PyTorch has no class for it
            raise OptionsError(
                f"MASTER_PORT {os.environ.get('MASTER_PORT')} is in use on this machine: set it to a free port"
            ) from error
        raise PeersLostError(
            f"another process of this run ended, or did not answer in time ({reason}). See its first error message for "
            "the cause; use --auto_resume to continue from the last checkpoint"
        ) from error


def average_gradients(parameters: Sequence[nn.Parameter], world: World, finite: Tensor) -> list[Health]:
    """Replaces each gradient by its mean over all processes. A missing gradient counts as zero.

    `finite` says whether this process's losses are finite, a bool on the parameters' device.

    Returns:
        The health of each rank, the same list on every rank. In a run of one process the gradient is not checked here,
        because the caller checks its norm.
    """
    if world.size == 1:
        return [Health.FINE if bool(finite) else Health.BAD_LOSS]
    for p in parameters:
        if p.grad is None:
            p.grad = torch.zeros_like(p)
    sizes = [p.numel() for p in parameters]
    flat = torch.cat([*(p.grad.reshape(-1) for p in parameters if p.grad is not None), finite.new_zeros(world.size)])
    # A sum is finite only if all its terms are. The health is a tensor, so that a GPU is not synchronized here.
    health = torch.where(flat.sum().isfinite(), Health.FINE, Health.BAD_GRADIENT)
    flat[sum(sizes) + world.rank] = torch.where(finite, health, Health.BAD_LOSS)
    with _among_peers():
        dist.all_reduce(flat)
    *parts, healths = flat.split([*sizes, world.size])
    for p, part in zip(parameters, parts, strict=True):
        assert p.grad is not None
        p.grad.copy_(part.view_as(p) / world.size)
    return [Health(int(value)) for value in healths.tolist()]


def share_weights(module: nn.Module, world: World) -> None:
    """Copies the first process's parameters and buffers to all others."""
    if world.size == 1:
        return
    with _among_peers():
        for tensor in [*module.parameters(), *module.buffers()]:
            if tensor.numel():
                dist.broadcast(tensor.data, src=0)


def largest(number: int, world: World, device: torch.device) -> int:
    """The largest of the numbers of all ranks. It lets all stop at the same iteration for the same reason."""
    if world.size == 1:
        return number
    value = torch.tensor(number, device=device)
    with _among_peers():
        dist.all_reduce(value, op=dist.ReduceOp.MAX)
    return int(value.item())


def gather_in_order(mine: list[T], world: World) -> list[T]:
    """Collects the items of all ranks in their order, on every rank. Rank r has items r, r + size, r + 2 size, ...

    It waits up to `PATIENCE` for the slowest process.
    """
    if world.size == 1:
        return mine
    parts: list[Any] = [None] * world.size
    with _among_peers():
        dist.all_gather_object(parts, mine, group=world.patient)
    longest = max(len(part) for part in parts)
    return [part[k] for k in range(longest) for part in parts if k < len(part)]


def wait_for_all(world: World) -> None:
    """Waits up to `PATIENCE` until every process gets here, after work that takes different times."""
    if world.size > 1:
        with _among_peers():
            dist.barrier(group=world.patient)


def mean_over_ranks(values: dict[str, Tensor], world: World) -> dict[str, float]:
    """The means of scalars over all processes. All scalars together need one device synchronization."""
    stacked = torch.stack([value.float() for value in values.values()])
    if world.size > 1:
        with _among_peers():
            dist.all_reduce(stacked)
        stacked /= world.size
    return dict(zip(values, stacked.tolist(), strict=True))
