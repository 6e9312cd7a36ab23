"""Makes a trainer from options. Problems that the user can fix are reported here, before the first iteration."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Sequence

import torch

from hyperthumb.base.environment import describe_environment
from hyperthumb.base.errors import HyperthumbError, OptionsError
from hyperthumb.data import build_training_loader
from hyperthumb.data.order import BatchPositions
from hyperthumb.models.build import computes_bf16
from hyperthumb.models.contract import RescalingNetwork

from .batch_size import remark_on_growth
from .best import BestWeights
from .board import Board
from .changes import changed_settings
from .checkpoint import CheckpointFolder, expected_bytes
from .context import RunContext
from .determinism import make_deterministic, report_determinism
from .experiment import RESOLVED, Experiment, ValidationTable
from .log import log_to_file, open_log
from .objective import Objective
from .state import TrainState, create_state, find_checkpoint
from .step import TrainingStep
from .trainer import Trainer
from .validation import Validator


def build_trainer(context: RunContext, auto_resume: bool, caught: Sequence[warnings.WarningMessage] = ()) -> Trainer:
    """Opens the experiment's folder, the data and the network, and loads the checkpoint or pretrained weights.

    With `auto_resume` the run resumes from the experiment's newest checkpoint, if there is one. `caught` are warnings
    from reading the options, for the log.

    Raises:
        HyperthumbError: for any problem that the user has to fix.
    """
    options, world, device = context.options, context.world, context.device
    open_log(world.rank)
    share = context.share
    folder = CheckpointFolder(context.folder, options.logger.keep_last)
    checkpoint = find_checkpoint(context, folder, auto_resume)
    _prepare_torch(context)
    state = create_state(context, checkpoint)
    _check_shapes(state.network, share.side, device)
    objective = Objective(options.train.losses).to(device)
    positions = BatchPositions(
        state.iteration, options.train.total_iter, share.at_once, world.rank, world.size, share.accumulate
    )
    with context.stalls.over(lambda: "for the training photographs to be listed and checked"):
        data, on_gpu = options.datasets.train, device.type == "cuda"
        loader = build_training_loader(data, positions, options.scale, options.manual_seed, on_gpu)
    validator = Validator(context)

    # The checks have passed, so an earlier experiment can be moved aside now.
    board = Board(None, state.iteration, None, options.name)
    if world.is_main:
        experiment = Experiment(options, resuming=auto_resume or checkpoint is not None)
        changes = changed_settings(checkpoint.experiment / RESOLVED, options) if checkpoint is not None else []
        _open_records(experiment, context, state, caught)
        for change in changes:
            logging.getLogger("hyperthumb").info("resuming with another setting: %s", change)
        folder.warn_of_little_room(expected_bytes(state.network, averaged=state.average is not None))
        if options.deterministic:
            report_determinism(state.network, objective, share.side, device)
        if validator:
            repeats = checkpoint is None or not state.validated  # the validation where the run starts
            validator.table = ValidationTable(experiment.root / "metrics.csv", state.iteration - repeats)
            if options.logger.keep_best is not None:
                models, dataset = experiment.root / "models", next(iter(validator.sources))
                validator.best = BestWeights(models, options.logger, dataset, state.iteration)
        tensorboard = experiment.tensorboard if options.logger.use_tb_logger else None
        board = Board(tensorboard, state.iteration, options.logger.wandb, options.name)
    step = TrainingStep(context, state, objective)
    return Trainer(context, state, step, loader, validator, folder, board)


def _check_shapes(network: RescalingNetwork, side: int, device: torch.device) -> None:
    """Runs the network on a black crop, so that an output of another shape is named before the first step.

    Raises:
        HyperthumbError: for the first output of another shape.
    """
    with torch.no_grad():
        output = network.eval()(torch.zeros(1, 3, side, side, device=device))
    small = side // network.scale
    shapes = {
        "restored": (1, 3, side, side),
        "thumbnail": (1, 3, small, small),
        "bits": (1,),
        "coefficients": (1, 3, small // 8, small // 8, 8, 8),
    }
    for name, shape in shapes.items():
        value = getattr(output, name)
        if value is not None and value.shape != shape:
            raise HyperthumbError(
                f"{type(network).__name__}.forward returns {name} of shape {tuple(value.shape)} for a crop of "
                f"{side}x{side}; it must be {shape}"
            )


def _prepare_torch(context: RunContext) -> None:
    """Sets PyTorch's global switches: for determinism if it is requested, else for the fastest convolutions."""
    options = context.options
    torch.backends.cudnn.benchmark = context.device.type == "cuda" and not options.deterministic
    if options.train.precision == "fp16" and context.device.type == "cpu":
        raise OptionsError("train.precision: fp16 needs a CUDA device; use bf16 on a CPU")
    if options.deterministic:
        make_deterministic()


def _open_records(
    experiment: Experiment, context: RunContext, state: TrainState, caught: Sequence[warnings.WarningMessage]
) -> None:
    """Opens the log file, and records the command, the options and the environment."""
    logger, options = logging.getLogger("hyperthumb"), context.options
    log_to_file(logger, experiment.log_file)
    for warning in caught:
        logger.warning("warning: %s", warning.message)
    experiment.write_records(options, sys.argv)
    millions = sum(p.numel() for p in state.network.parameters()) / 1e6
    network = f"{options.network_g.type} of {millions:.2f} M parameters"
    logger.info("%s: %s, %s", options.name, network, context.device)
    logger.info("%s", context.share)
    if options.train.precision == "bf16" and not computes_bf16(context.device):
        logger.warning("warning: train.precision: bf16 is emulated here, several times slower than fp32; use fp32")
    if remark := remark_on_growth(options, context.share):
        logger.info("%s", remark)
    logger.info(", ".join(f"{key} {value}" for key, value in describe_environment().items()))
    if experiment.archived:
        logger.info("an earlier experiment of this name was moved to %s", experiment.archived)
    logger.info("experiment: %s", experiment.root)
