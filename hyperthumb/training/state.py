"""The state of a run: everything that training changes and a checkpoint holds, and how a run resumes.

The photographs, crops, noise and learning rates of an iteration are functions of the seed and the iteration. So this
state is complete: a run that was killed and resumed ends with the same weights as a run without interruption.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hyperthumb.base.errors import CheckpointError
from hyperthumb.models.build import build_network, load_pretrained
from hyperthumb.models.contract import RescalingNetwork
from hyperthumb.models.weights import load_weights

from .checkpoint import CheckpointFolder, Resume
from .context import RunContext
from .determinism import seed_iteration
from .distributed import gather_in_order, share_weights
from .ema import ExponentialMovingAverage
from .optimizers import Optimizers, partition_parameters


@dataclass
class TrainState:
    """Everything that training changes.

    Attributes:
        network: the network that is trained.
        optimizers: the optimizers and their states.
        scaler: scales the gradients in fp16; does nothing in other precisions.
        average: the moving average of the network's weights, or None.
        iteration: number of optimizer steps so far.
        validated: whether the validation at `iteration` is done, or none is due.
        validation_seconds: duration of the last validation.
        skipped_steps: number of steps that were skipped because their numbers were not finite.
    """

    network: RescalingNetwork
    optimizers: Optimizers
    scaler: torch.amp.GradScaler
    average: ExponentialMovingAverage[RescalingNetwork] | None
    iteration: int = 0
    validated: bool = False
    validation_seconds: float = 0.0
    skipped_steps: int = 0

    @property
    def evaluated_network(self) -> RescalingNetwork:
        """The network that is validated and shown: the average, if one is kept."""
        return self.network if self.average is None else self.average.network

    def weights(self) -> dict[str, dict[str, Tensor]]:
        """The content of a checkpoint's file of weights."""
        averaged = {} if self.average is None else {"params_ema": self.average.network.state_dict()}
        return {"params": self.network.state_dict(), **averaged}

    def progress(self) -> dict[str, Any]:
        """The content of a checkpoint's training state, except the iteration."""
        return {
            "optimizers": self.optimizers.state_dict(),
            "scaler": self.scaler.state_dict(),
            "validated": self.validated,
            "validation_seconds": self.validation_seconds,
            "skipped_steps": self.skipped_steps,
        }

    def resume(self, checkpoint: Resume) -> None:
        """Loads everything from a checkpoint except the network's weights, which must be loaded before."""
        state = checkpoint.state
        self.iteration, self.validated = checkpoint.iteration, state["validated"]
        self.validation_seconds, self.skipped_steps = state["validation_seconds"], state.get("skipped_steps", 0)
        self.optimizers.load_state_dict(state["optimizers"])
        if self.scaler.is_enabled() and state["scaler"]:
            self.scaler.load_state_dict(state["scaler"])
        if self.average is not None and "params_ema" in checkpoint.weights:
            self.average.network.load_state_dict(checkpoint.weights["params_ema"])


def find_checkpoint(context: RunContext, folder: CheckpointFolder, auto_resume: bool) -> Resume | None:
    """Finds the checkpoint to resume from: with `auto_resume` the run's newest one, if any, else `path.resume_state`.

    So a job that is started again with the same command prefers its own checkpoints.

    Raises:
        CheckpointError: if the processes find different checkpoints.
    """
    with context.stalls.over(lambda: f"for a checkpoint to be read from {folder.root}"):
        found = folder.newest() if auto_resume else None
        if found is None and context.options.path.resume_state is not None:
            found = folder.read(context.options.path.resume_state)
    iterations = gather_in_order([found.iteration if found else 0], context.world)
    if len(set(iterations)) > 1:
        raise CheckpointError(
            f"the processes found checkpoints of different iterations in {folder.root} "
            f"({', '.join(map(str, iterations))}, in the order of their ranks); it must be the same folder for all"
        )
    return found


def create_state(context: RunContext, checkpoint: Resume | None) -> TrainState:
    """Builds the network and its optimizers. The weights come from the checkpoint, a pretrained file, or the seed.

    Raises:
        HyperthumbError: if options, weights and network do not fit together.
    """
    options, train, device = context.options, context.options.train, context.device
    seed_iteration(options.manual_seed, 0)
    network = build_network(options.network_g, options.scale)
    with context.stalls.over(lambda: f"for weights to be read from {options.path.pretrain_network_g}"):
        _load_weights(network, context, checkpoint)
    layout = torch.channels_last if train.channels_last else torch.preserve_format
    network.to(device, memory_format=layout)  # type: ignore[call-overload]
    share_weights(network, context.world)
    optimizers = Optimizers(partition_parameters(network, train.freeze), train)
    average = ExponentialMovingAverage(network, train.ema_decay) if train.ema_decay else None
    scaler = torch.amp.GradScaler(device.type, enabled=train.precision == "fp16")
    state = TrainState(network, optimizers, scaler, average)
    if checkpoint is not None:
        state.resume(checkpoint)
    return state


def _load_weights(network: RescalingNetwork, context: RunContext, checkpoint: Resume | None) -> None:
    logger, path = logging.getLogger("hyperthumb"), context.options.path
    if checkpoint is not None:
        load_weights(network, checkpoint.weights["params"], Path(f"iteration {checkpoint.iteration}'s checkpoint"))
        logger.info("resuming from iteration %s", f"{checkpoint.iteration:,}")
    elif path.pretrain_network_g is not None:
        load_pretrained(network, path.pretrain_network_g, path.param_key_g, path.strict_load_g)
        logger.info("starting from %s", path.pretrain_network_g)
