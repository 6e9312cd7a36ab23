"""One optimizer step: losses, gradients, and a check that only finite numbers change the weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import NamedTuple

import torch
from torch import Tensor, nn

from hyperthumb.base.noise import noise_by
from hyperthumb.data import TrainingBatch
from hyperthumb.images.resize import bicubic_downscale
from hyperthumb.models.contract import RescaleOutput

from .context import RunContext
from .determinism import noise_keys, seed_iteration
from .distributed import average_gradients, gather_in_order
from .guards import BadStepReports, Health, StepRecord
from .objective import LossTerms, Objective
from .state import TrainState

AUTOCAST = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}


class StepResult(NamedTuple):
    """The loss terms of each micro-batch of a step, and the last micro-batch."""

    terms: list[dict[str, Tensor]]
    batch: TrainingBatch


class TrainingStep:
    """Takes the optimizer steps of a run, which change the weights of `state`."""

    def __init__(self, context: RunContext, state: TrainState, objective: Objective) -> None:
        self.context, self.state, self.objective = context, state, objective
        self.options = context.options.train
        network = state.network
        self.forward: nn.Module = torch.compile(network) if self.options.compile else network  # type: ignore[assignment]
        self.reports = BadStepReports(context)

    def __call__(self, iteration: int, batches: Iterator[TrainingBatch]) -> StepResult:
        """Takes step number `iteration` over `accumulate` micro-batches.

        The weights change only if all numbers are finite on all processes. They do not change if an error is raised.

        Raises:
            HyperthumbError: if the data or another process fails, or too many steps were not finite.
        """
        state, world, optimizers = self.state, self.context.world, self.state.optimizers
        groups, scaler, seed = optimizers.groups, state.scaler, self.context.options.manual_seed
        optimizers.zero_grad()
        state.network.train()
        record = StepRecord()
        for micro_batch in range(self.options.accumulate):
            batch = next(batches)
            seed_iteration(seed, iteration, micro_batch, world.rank)
            terms = self._losses(batch)
            record.add(terms, batch.names)
            scaler.scale(terms.total / self.options.accumulate).backward()
        auxiliary = state.network.auxiliary_loss() if "auxiliary" in optimizers else None
        if auxiliary is not None:
            record.add_auxiliary(auxiliary)
            scaler.scale(auxiliary).backward()

        healths = average_gradients(groups.trained, world, record.finite())
        for name in optimizers.names():
            scaler.unscale_(optimizers[name])
        # The quantiles' gradient is not part of the clipped norm, because it is much larger than the others.
        clip = self.options.gradient_clipping or float("inf")
        norm = nn.utils.clip_grad_norm_([*groups.networks, *groups.rate], clip)
        norm = norm + nn.utils.get_total_norm([p.grad for p in groups.auxiliary if p.grad is not None])
        if max(healths) == Health.FINE and bool(torch.isfinite(norm)):
            for name in optimizers.names():
                scaler.step(optimizers[name])
            if state.average is not None:
                state.average.update(state.network, iteration)
        # A gradient outside fp16's range is normal: the scaler then continues with a smaller factor.
        elif max(healths) == Health.BAD_LOSS or scaler.get_scale() <= 1:
            steps = gather_in_order([record.described()], world)
            self.reports.report(iteration, healths, steps, float(norm), state.skipped_steps)
            state.skipped_steps += 1
        scaler.update()
        return StepResult(record.terms[: self.options.accumulate], batch)

    def _losses(self, batch: TrainingBatch) -> LossTerms:
        hr = self.to_device(batch.hr)
        if self.options.channels_last:
            hr = hr.contiguous(memory_format=torch.channels_last)
        with torch.no_grad():
            if batch.reference is None:
                reference = bicubic_downscale(hr, self.state.network.scale).clamp(0, 1)
            else:
                reference = self.to_device(batch.reference)
        keys = noise_keys(self.context.options.manual_seed, batch.places)
        dtype, device = AUTOCAST[self.options.precision], self.context.device
        autocast = nullcontext() if dtype is None else torch.autocast(device.type, dtype=dtype)
        with autocast, noise_by(keys.to(device, non_blocking=True)):
            output: RescaleOutput = self.forward(hr)
        return self.objective(output, hr, reference)

    def to_device(self, images: Tensor) -> Tensor:
        """Converts uint8 images to floats in 0..1 on the network's device."""
        return images.to(self.context.device, non_blocking=True).float() / 255
