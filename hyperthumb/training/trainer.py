"""The training loop. It reads top to bottom; each thing it calls is a file of its own.

Everything random depends on the seed and the iteration alone, and everything else on the checkpoint, so a run that was
killed and resumed ends with the weights of one that never was.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any

import torch
from torch import Tensor, nn

from hyperthumb.base.errors import HyperthumbError, NonFiniteError, OptionsError, WorkersLostError
from hyperthumb.base.noise import noise_by
from hyperthumb.config import TrainOptions
from hyperthumb.data import TrainingBatch, TrainingLoader
from hyperthumb.images.resize import bicubic_downscale
from hyperthumb.models.contract import RescaleOutput, RescalingNetwork

from .checkpoint import CheckpointFolder, Resume
from .distributed import World, average_gradients, gather_in_order, largest, mean_over_ranks, wait_for_all
from .ema import ExponentialMovingAverage
from .guards import BadStepReports, Health, StepRecord
from .logging import Board, Progress
from .objective import LossTerms, Objective
from .optimizers import Optimizers, ParameterGroups
from .seeding import noise_keys, seed_iteration
from .snapshot import Snapshot
from .stalls import StallWatch
from .stopping import StopRequest
from .validation import Validator

AUTOCAST = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}


class Trainer:
    """One run: networks and data in, checkpoints out. `hyperthumb.training.build` puts one together from options."""

    def __init__(
        self,
        options: TrainOptions,
        network: RescalingNetwork,
        groups: ParameterGroups,
        objective: Objective,
        optimizers: Optimizers,
        loader: TrainingLoader,
        validator: Validator,
        checkpoints: CheckpointFolder,
        board: Board,
        logger: logging.Logger,
        world: World,
        device: torch.device,
        resume: Resume | None,
        stalls: StallWatch,
    ) -> None:
        self.options, self.train_options = options, options.train
        self.network, self.groups, self.loader, self.validator = network, groups, loader, validator
        self.checkpoints, self.board, self.logger = checkpoints, board, logger
        self.world, self.device, self.stalls = world, device, stalls
        self.objective, self.optimizers = objective, optimizers
        self.ema: ExponentialMovingAverage | None = None
        if options.train.ema_decay:
            self.ema = ExponentialMovingAverage(network, options.train.ema_decay)
        self.scaler = torch.amp.GradScaler(device.type, enabled=options.train.precision == "fp16")
        self.forward: nn.Module = torch.compile(network) if options.train.compile else network  # type: ignore[assignment]
        circumstances = {
            "seed": options.manual_seed,
            "precision": options.train.precision,
            "processes": world.size,
            "accumulate": options.train.accumulate,
            "batch_size_per_gpu": options.datasets.train.batch_size_per_gpu,
        }
        reports = checkpoints.root / "bad_steps" if world.is_main else None
        self.bad_steps = BadStepReports(reports, options.train.skip_bad_steps, circumstances, logger)
        self.start, self.validated = 0, False
        if resume is not None:
            self._restore(resume)
        self._reached = self._saved = self.start  # the iterations of the weights, and of the last checkpoint
        self._step_seconds, self._save_seconds = 0.0, 1.0

    def run(self, stop: StopRequest) -> int:
        """Trains until the last iteration, or until `stop` says so; returns the iteration that was reached.

        `validated` says then whether that iteration's validation, if it had one, was done.

        Raises:
            HyperthumbError: when it cannot go on; what was trained by then is saved, where that can be done.
        """
        last = self.train_options.total_iter
        progress = Progress(self.logger, self.options.name, self.start, last, None if self.world.is_main else False)
        try:
            return self._train(last, progress, stop)
        except NonFiniteError:
            raise  # the last checkpoint is from before the numbers went wrong; the steps since then led there
        except HyperthumbError:
            if self._reached > self._saved:
                with suppress(HyperthumbError):  # a full disk, perhaps: said is what went wrong first
                    self._save(self._reached, self.validated)
            raise

    def _train(self, last: int, progress: Progress, stop: StopRequest) -> int:
        iteration, stopping = self.start, False
        if self.validator and not self.validated:
            stopping = self.start > 0 and self._stops(stop, self.validator.last_seconds)
            if stopping and not stop.signalled:
                # Job after job would be queued for it in vain.
                raise OptionsError(
                    f"the validation of iteration {self.start:,} took {self.validator.last_seconds:.0f} s the last "
                    "time, and --max_minutes leaves less: give more minutes, or fewer photographs (max_images)"
                )
            if not stopping:
                with self._pause(progress):
                    stopping = not self._validate(self.start, stop)
        batches = iter(self.loader)
        wait_for_all(self.world)  # photographs do not open equally fast everywhere
        while iteration < last and not stopping:
            iteration += 1
            rates = self.optimizers.set_learning_rates(iteration)
            try:
                terms, batch = self._step(batches, iteration, progress)
            except WorkersLostError:
                iteration -= 1  # the weights are the last step's
                self._save(iteration, validated=True)
                # A signal to the whole process group takes the data workers along; it may reach this one last.
                if not stop.comes_within(1):
                    raise
                break
            # Whatever fails in a step, data or another process, fails before the step reaches the weights.
            validate = bool(self.validator) and (iteration % self.options.val.val_freq == 0 or iteration == last)
            self._reached, self.validated = iteration, not validate
            progress.step()
            if iteration % self.options.logger.print_freq == 0 or iteration == last:
                self._report(progress, iteration, terms, rates)
            if self.board and (iteration % self._image_freq() == 0 or iteration == last):
                Snapshot.take(self._averaged(), batch.hr, self.device).show(self.board, iteration)

            stopping = self._stops(stop, self._reserve(validate))
            validated = not (validate and stopping)
            if validate and not stopping:
                with self._pause(progress):
                    validated = self._validate(iteration, stop)
                stopping = not validated
            if stopping or iteration == last or iteration % self.options.logger.save_checkpoint_freq == 0:
                with self._pause(progress):
                    self._save(iteration, validated)
                    wait_for_all(self.world)
        progress.close()
        return iteration

    def _stops(self, stop: StopRequest, reserve: float) -> bool:
        """Whether the processes stop here, all of them: `reserve` seconds is what the next part takes."""
        return stop.agree(largest(stop.wish(reserve), self.world, self.device))

    def _step(self, batches: Any, iteration: int, progress: Progress) -> tuple[LossTerms, TrainingBatch]:
        """One optimizer step over `accumulate` micro-batches; the weights change only if all numbers are finite."""
        started = time.perf_counter()
        self.optimizers.zero_grad()
        self.network.train()
        record = StepRecord()
        for micro_batch in range(self.train_options.accumulate):
            waiting = time.perf_counter()
            try:
                with self.stalls.over(self._data_needed):
                    batch: TrainingBatch = next(batches)
            except (RuntimeError, EOFError, ConnectionError, FileNotFoundError) as error:
                # PyTorch's words for a dead one; one that dies while it hands over a batch leaves a broken connection.
                # "Caught ..." is what a live one says of an error of its own.
                words = str(error)
                dead = "DataLoader worker (pid" in words or not isinstance(error, RuntimeError)
                if not (dead and self.loader.num_workers) or words.startswith("Caught "):
                    raise
                raise WorkersLostError(
                    f"the processes that load data are gone: {error}. Were they killed, for want of memory perhaps? "
                    "The checkpoint is of the last step: go on with --auto_resume"
                ) from error
            progress.waited_for_data(time.perf_counter() - waiting)
            seed_iteration(self.options.manual_seed, iteration, micro_batch, self.world.rank)
            keys = noise_keys(self.options.manual_seed, self.loader.positions.at(iteration - 1, micro_batch))
            terms = self._losses(batch, keys)
            record.add(terms, batch.names)
            self.scaler.scale(terms.total / self.train_options.accumulate).backward()
        self._auxiliary_backward(record)
        trained = [*self.groups.networks, *self.groups.rate, *self.groups.auxiliary]
        healths = average_gradients(trained, self.world, record.finite())
        for name in self.optimizers.names():
            self.scaler.unscale_(self.optimizers[name])
        # The quantiles' gradient stays out of the clipped norm: it grows large and would swallow the others.
        clip = self.train_options.gradient_clipping or float("inf")
        norm = nn.utils.clip_grad_norm_([*self.groups.networks, *self.groups.rate], clip)
        norm = norm + nn.utils.get_total_norm([p.grad for p in self.groups.auxiliary if p.grad is not None])
        if self._all_finite(iteration, record, healths, norm):
            for name in self.optimizers.names():
                self.scaler.step(self.optimizers[name])
            if self.ema is not None:
                self.ema.update(self.network, iteration)
        self.scaler.update()
        self._step_seconds = time.perf_counter() - started
        return terms, batch

    def _data_needed(self) -> str:
        return "for data; " + ("; ".join(self.loader.being_read()) or "no file is being read")

    def _all_finite(self, iteration: int, record: StepRecord, healths: Sequence[Health], norm: Tensor) -> bool:
        """Whether a step may reach the weights, the same answer on every rank; if not, it is reported or the end."""
        if bool(torch.isfinite(norm)) and max(healths) == Health.FINE:
            return True
        # A gradient that left fp16's range is an everyday matter: the scaler goes on with a smaller factor.
        if max(healths) == Health.BAD_LOSS or self.scaler.get_scale() <= 1:
            self.bad_steps.take(iteration, healths, gather_in_order([record.described()], self.world), float(norm))
        return False

    def _losses(self, batch: TrainingBatch, keys: Tensor) -> LossTerms:
        hr = batch.hr.to(self.device, non_blocking=True).float() / 255
        if self.train_options.channels_last:
            hr = hr.contiguous(memory_format=torch.channels_last)
        with torch.no_grad():
            reference = self._reference(batch, hr)
        with self._autocast(), noise_by(keys.to(self.device, non_blocking=True)):
            output: RescaleOutput = self.forward(hr)
        return self.objective(output, hr, reference)

    def _reference(self, batch: TrainingBatch, hr: Tensor) -> Tensor:
        if batch.reference is not None:
            return batch.reference.to(self.device, non_blocking=True).float() / 255
        return bicubic_downscale(hr, self.network.scale).clamp(0, 1)

    def _auxiliary_backward(self, record: StepRecord) -> None:
        loss = self.network.auxiliary_loss() if "auxiliary" in self.optimizers else None
        if loss is not None:
            record.add_auxiliary(loss)
            self.scaler.scale(loss).backward()

    def _autocast(self) -> AbstractContextManager[Any]:
        dtype = AUTOCAST[self.train_options.precision]
        return nullcontext() if dtype is None else torch.autocast(self.device.type, dtype=dtype)

    def _averaged(self) -> RescalingNetwork:
        """The network that is validated and shown: the average, where one is kept."""
        if self.ema is not None:
            assert isinstance(self.ema.network, RescalingNetwork)
            return self.ema.network
        return self.network

    def _validate(self, iteration: int, stop: StopRequest) -> bool:
        """False when a signal broke it off: a checkpoint is more urgent."""
        means = self.validator.run(self._averaged(), iteration, stop)
        self.board.scalars(means or {}, iteration)
        self.validated = means is not None
        return self.validated

    def _save(self, iteration: int, validated: bool) -> None:
        self.validated = validated
        if not self.world.is_main:
            return
        weights = {"params": self.network.state_dict()}
        if self.ema is not None:
            weights["params_ema"] = self.ema.network.state_dict()
        state = {
            "optimizers": self.optimizers.state_dict(),
            "scaler": self.scaler.state_dict(),
            "validated": validated,
            "validation_seconds": self.validator.last_seconds,
            "skipped_steps": self.bad_steps.skipped,
        }
        started = time.perf_counter()
        with self.stalls.over(
            lambda: f"for iteration {iteration}'s checkpoint to be written to {self.checkpoints.root}"
        ):
            self.board.flush()  # a run that goes on from here does not draw these points again
            path = self.checkpoints.save(iteration, weights, state)
            self.logger.info("saved %s", path)
        self._saved = iteration
        self._save_seconds = max(self._save_seconds, time.perf_counter() - started)

    def _restore(self, resume: Resume) -> None:
        """Goes on from a checkpoint; `build` has put the weights into the network already."""
        self.start, self.validated = resume.iteration, resume.state["validated"]
        self.bad_steps.skipped = resume.state.get("skipped_steps", 0)
        self.validator.last_seconds = resume.state["validation_seconds"]
        self.optimizers.load_state_dict(resume.state["optimizers"])
        if self.scaler.is_enabled() and resume.state["scaler"]:
            self.scaler.load_state_dict(resume.state["scaler"])
        if self.ema is not None and "params_ema" in resume.weights:
            self.ema.network.load_state_dict(resume.weights["params_ema"])

    def _report(self, progress: Progress, iteration: int, terms: LossTerms, rates: dict[str, float]) -> None:
        values = mean_over_ranks(terms.named(), self.world)
        with self.stalls.over(lambda: "for a line of the log to be written"):
            speed = progress.report(iteration, values, rates)
        for kind, numbers in (("loss", values), ("lr", rates), ("speed", speed)):
            self.board.scalars({f"{kind}/{name}": value for name, value in numbers.items()}, iteration)

    def _image_freq(self) -> int:
        return self.options.logger.image_freq or self.options.val.val_freq

    @contextmanager
    def _pause(self, progress: Progress) -> Iterator[None]:
        """Keeps what is not training out of the reported speed."""
        started = time.perf_counter()
        yield
        progress.paused(time.perf_counter() - started)

    def _reserve(self, validate: bool) -> float:
        """Seconds to keep back: for the last checkpoint, one more step, and a validation that is due."""
        return 2 * self._save_seconds + 2 * self._step_seconds + (self.validator.last_seconds if validate else 0)
