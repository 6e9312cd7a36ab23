"""The training loop. `state` holds everything that it changes, and `step` takes one step.

Everything random depends only on the seed and the iteration, and everything else is in the checkpoint. So a run that
was killed and resumed ends with the same weights as a run without interruption.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import suppress

from hyperthumb.base.errors import HyperthumbError, NonFiniteError, OptionsError, WorkersLostError
from hyperthumb.data import TrainingBatch, TrainingLoader

from .board import Board
from .checkpoint import CheckpointFolder
from .context import RunContext
from .distributed import largest, wait_for_all
from .means import LossMeans
from .progress import Progress
from .state import TrainState
from .step import TrainingStep
from .stopping import StopRequest
from .validation import Validator


class Trainer:
    """Trains a network and writes checkpoints. `hyperthumb.training.build` makes a trainer from options."""

    def __init__(
        self,
        context: RunContext,
        state: TrainState,
        step: TrainingStep,
        loader: TrainingLoader,
        validator: Validator,
        checkpoints: CheckpointFolder,
        board: Board,
    ) -> None:
        self.context, self.state, self.step, self.loader = context, state, step, loader
        self.validator, self.checkpoints, self.board = validator, checkpoints, board
        self.total_iter = context.options.train.total_iter
        self.means = LossMeans()
        self.progress = Progress(context.options.name, state.iteration, self.total_iter, context.world.is_main)
        self._saved = state.iteration
        self._step_seconds, self._save_seconds = 0.0, 1.0

    @property
    def finished(self) -> bool:
        """Whether the last iteration, and its validation, are done."""
        return self.state.iteration >= self.total_iter and (self.state.validated or not self.validator)

    def run(self, stop: StopRequest) -> None:
        """Trains until the last iteration, or until `stop` requests a stop.

        Raises:
            HyperthumbError: if the run cannot continue. The steps so far are saved if possible.
        """
        try:
            self._train(stop)
        except NonFiniteError:
            raise  # without saving: the steps since the last checkpoint led to these numbers
        except WorkersLostError:
            self._save_new_steps()
            # A signal to the whole process group also ends the data workers, and may reach this process later.
            if not stop.comes_within(1):
                raise
        except HyperthumbError:
            with suppress(HyperthumbError):  # if saving fails too, the first error is reported
                self._save_new_steps()
            raise
        self.progress.close()

    def _train(self, stop: StopRequest) -> None:
        state, logger_options = self.state, self.context.options.logger
        image_freq = logger_options.image_freq or self.context.options.val.val_freq
        if self.validator and not state.validated:
            self._validate_before_the_first_step(stop)
        batches = self._batches()
        wait_for_all(self.context.world)  # opening the photographs may take longer on some machines
        while state.iteration < self.total_iter and not stop.agreed:
            iteration = state.iteration + 1
            is_last = iteration == self.total_iter
            rates = state.optimizers.set_learning_rates(iteration)
            started = time.perf_counter()
            terms, batch = self.step(iteration, batches)
            self._step_seconds = time.perf_counter() - started
            state.iteration = iteration
            is_due = bool(self.validator) and (is_last or iteration % self.context.options.val.val_freq == 0)
            state.validated = not is_due
            self.progress.step()
            for micro_batch in terms:
                self.means.add(micro_batch)

            if is_last or iteration % logger_options.print_freq == 0:
                self._report(rates)
            if self.board and (is_last or iteration % image_freq == 0):
                self.board.show(state.evaluated_network, self.step.to_device(batch.hr[:1]), iteration)

            self._ask_to_stop(stop, 0 if state.validated else state.validation_seconds)
            if not state.validated and not stop.agreed:
                self._validate(stop)
            if is_last or stop.agreed or iteration % logger_options.save_checkpoint_freq == 0:
                with self.progress.paused():
                    self._save()
                    wait_for_all(self.context.world)

    def _batches(self) -> Iterator[TrainingBatch]:
        """The loader's batches. The time for waiting is measured, and long waits cause a warning."""
        batches = iter(self.loader)
        while True:
            with (
                self.progress.waiting_for_data(),
                self.context.stalls.over(lambda: f"for data; {self.loader.being_read()}"),
            ):
                batch = next(batches, None)
            if batch is None:
                return
            yield batch

    def _ask_to_stop(self, stop: StopRequest, seconds: float) -> None:
        """Asks all processes whether to stop here. `seconds` is the duration of the next part.

        Time for one more step and the last checkpoint is reserved too.
        """
        reserve = 2 * self._save_seconds + 2 * self._step_seconds + seconds
        stop.agree(largest(stop.wish(reserve), self.context.world, self.context.device))

    def _validate_before_the_first_step(self, stop: StopRequest) -> None:
        """Validates at iteration 0, or repeats a validation that was not finished at the checkpoint."""
        state = self.state
        if state.iteration > 0:
            stop.agree(largest(stop.wish(state.validation_seconds), self.context.world, self.context.device))
            if stop.agreed and not stop.signalled:
                # Without this error, each of a series of jobs would stop here without progress.
                raise OptionsError(
                    f"the last validation took {state.validation_seconds:.0f} s, and --max_minutes leaves less time to "
                    f"validate iteration {state.iteration:,}; allow more minutes, or validate fewer photographs "
                    "(max_images)"
                )
        if not stop.agreed:
            self._validate(stop)

    def _validate(self, stop: StopRequest) -> None:
        """Validates. A signal interrupts the validation, because a checkpoint is more urgent."""
        started = time.monotonic()
        with self.progress.paused():
            means = self.validator.run(self.state.evaluated_network, self.state.iteration, stop)
            self.board.scalars(means or {}, self.state.iteration)
        if means is not None:
            if self.validator.best is not None:
                self.validator.best.consider(self.state.iteration, means, self.state.weights())
            self.state.validated, self.state.validation_seconds = True, time.monotonic() - started

    def _save_new_steps(self) -> None:
        if self.state.iteration > self._saved:
            self._save()

    def _save(self) -> None:
        """Writes a checkpoint in the main process."""
        if not self.context.world.is_main:
            return
        iteration, folder = self.state.iteration, self.checkpoints
        started = time.perf_counter()
        with self.context.stalls.over(lambda: f"for iteration {iteration}'s checkpoint to be written to {folder.root}"):
            self.board.flush()  # because a run that resumes from here does not write these points again
            path = folder.save(iteration, self.state.weights(), self.state.progress())
            logging.getLogger("hyperthumb").info("saved %s", path)
        self._saved = iteration
        self._save_seconds = max(self._save_seconds, time.perf_counter() - started)

    def _report(self, rates: dict[str, float]) -> None:
        """Writes a log line and TensorBoard's points. The terms are means since the last line."""
        iteration = self.state.iteration
        values = self.means.take(self.context.world)
        with self.context.stalls.over(lambda: "for a line of the log to be written"):
            speed = self.progress.report(iteration, values, rates)
        for kind, numbers in (("loss", values), ("lr", rates), ("speed", speed)):
            self.board.scalars({f"{kind}/{name}": value for name, value in numbers.items()}, iteration)
