"""Several processes, one model: start-up for torchrun and Slurm, and the few collectives that training needs.

Gradients are averaged in one flat all-reduce after the last micro-batch. Unlike a wrapper around the network, this
treats the auxiliary loss, whose parameters the forward pass never sees, like any other gradient; and each process's
report on whether its numbers are finite travels along.

Between steps processes may wait long for one another: one has the larger pictures to validate, one writes the
checkpoint. That waiting goes through a group of its own (`World.patient`), so that the time-out of the steps can be
short enough to notice a process that hangs.
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
"""How long processes wait for one another between steps. One that died is noticed at once: its connections close."""

_VARIABLES = {
    "pytorch": ("RANK", "LOCAL_RANK", "WORLD_SIZE"),
    "slurm": ("SLURM_PROCID", "SLURM_LOCALID", "SLURM_NTASKS"),
}


class Health(IntEnum):
    """What one process's numbers of a step are like; the worst counts."""

    FINE = 0
    BAD_GRADIENT = 1
    BAD_LOSS = 2


@dataclass(frozen=True)
class World:
    """This process among all: `rank` of `size`, `local_rank` on its machine; `patient` is the group that waits."""

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
        OptionsError: when the launcher's variables are missing or make no sense, when the port they name is in use,
            and when torchrun started several processes but `launcher` is none.
        PeersLostError: when the others do not come.
    """
    if launcher == "none":
        started = whole_number(os.environ.get("WORLD_SIZE", ""))  # if it is not a number, torchrun did not set it
        if all(os.environ.get(name) for name in _VARIABLES["pytorch"]) and started is not None and started > 1:
            # Each process would train the same experiment and overwrite what the others write.
            raise OptionsError(f"torchrun started {started} processes, but --launcher is none: add --launcher pytorch")
        return World()
    rank, local_rank, size = _read_variables(launcher)
    if device == "cuda":
        torch.cuda.set_device(local_rank % torch.cuda.device_count())  # Slurm may show each process only its own GPU
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
    # Slurm's meeting point is found from its variables. Without torchrun's, PyTorch would end with a traceback.
    needed = (*names, "MASTER_ADDR", "MASTER_PORT") if launcher == "pytorch" else names
    missing = [name for name in needed if not os.environ.get(name)]
    if missing:
        start = "torchrun --nproc_per_node=N run_train.py ..." if launcher == "pytorch" else "srun"
        raise OptionsError(f"--launcher {launcher} needs {', '.join(missing)} in the environment; start with {start}")
    rank, local_rank, size = map(_whole_number, names)
    if rank >= size:
        raise OptionsError(f"{names[0]} is {rank} and {names[2]} is {size}: ranks count from 0 to {names[2]} - 1")
    if launcher == "slurm":
        set_meeting_point()
    if not 1 <= _whole_number("MASTER_PORT") <= 65535:
        raise OptionsError(f"MASTER_PORT is {os.environ['MASTER_PORT']}; a port is a number from 1 to 65535")
    return rank, local_rank, size


def _whole_number(name: str) -> int:
    """The value of a variable of the environment that is set."""
    text = os.environ[name].strip()
    number = whole_number(text)
    if number is None:
        raise OptionsError(f'{name} is "{text}" in the environment; it has to be a whole number, 0 or more')
    return number


def leave_world() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


@contextmanager
def _among_peers() -> Iterator[None]:
    """Turns PyTorch's errors about a process that does not answer into a sentence."""
    try:
        yield
    except RuntimeError as error:
        reason = str(error).partition("\n")[0]
        if "EADDRINUSE" in reason:  # of the first process, where all are to meet; PyTorch has no class for it
            raise OptionsError(
                f"MASTER_PORT {os.environ.get('MASTER_PORT')} is in use on this machine: set it to a free port"
            ) from error
        raise PeersLostError(
            f"another process of this run is gone, or did not answer in time ({reason}). What a process "
            "printed first says why; --auto_resume continues from the last checkpoint"
        ) from error


def average_gradients(parameters: Sequence[nn.Parameter], world: World, finite: Tensor) -> list[Health]:
    """Replaces each gradient by its mean over all processes; a missing one counts as zero.

    `finite` says whether this process's losses are finite, a bool on the parameters' device.

    Returns:
        What each rank's own numbers were like, the same list on every rank. The gradient of a single process is not
        checked: its norm shows it.
    """
    if world.size == 1:
        return [Health.FINE if bool(finite) else Health.BAD_LOSS]
    for p in parameters:
        if p.grad is None:
            p.grad = torch.zeros_like(p)
    sizes = [p.numel() for p in parameters]
    flat = torch.cat([*(p.grad.reshape(-1) for p in parameters if p.grad is not None), finite.new_zeros(world.size)])
    # A sum is finite when all its terms are, and takes one pass; the health is a tensor so that a GPU need not wait.
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
    """Gives every process the first one's parameters and buffers."""
    if world.size == 1:
        return
    with _among_peers():
        for tensor in [*module.parameters(), *module.buffers()]:
            if tensor.numel():
                dist.broadcast(tensor.data, src=0)


def largest(number: int, world: World, device: torch.device) -> int:
    """The largest of all ranks' numbers, on every rank: so that all stop at the same iteration, for the same reason."""
    if world.size == 1:
        return number
    value = torch.tensor(number, device=device)
    with _among_peers():
        dist.all_reduce(value, op=dist.ReduceOp.MAX)
    return int(value.item())


def gather_in_order(mine: list[T], world: World) -> list[T]:
    """Rank r's items are numbers r, r + size, r + 2 size, ...; returns all in their order, on every rank.

    Waits patiently for the slowest process.
    """
    if world.size == 1:
        return mine
    parts: list[Any] = [None] * world.size
    with _among_peers():
        dist.all_gather_object(parts, mine, group=world.patient)
    longest = max(len(part) for part in parts)
    return [part[k] for k in range(longest) for part in parts if k < len(part)]


def wait_for_all(world: World) -> None:
    """Waits patiently until every process has reached this: before steps that follow work of uneven length."""
    if world.size > 1:
        with _among_peers():
            dist.barrier(group=world.patient)


def mean_over_ranks(values: dict[str, Tensor], world: World) -> dict[str, float]:
    """The mean of logged scalars over all processes, with one device synchronization for all of them."""
    stacked = torch.stack([value.float() for value in values.values()])
    if world.size > 1:
        with _among_peers():
            dist.all_reduce(stacked)
        stacked /= world.size
    return dict(zip(values, stacked.tolist(), strict=True))
