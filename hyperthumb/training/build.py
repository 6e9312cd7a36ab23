"""Puts a trainer together from options. What can fail for a user's reasons fails here, before the first iteration."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch

from hyperthumb.base.environment import describe_environment
from hyperthumb.base.errors import CheckpointError, OptionsError
from hyperthumb.config import TrainOptions
from hyperthumb.data import TrainingLoader, build_source, build_training_loader
from hyperthumb.evaluation.lpips_column import open_lpips
from hyperthumb.metrics import get_protocol
from hyperthumb.models.build import build_network, load_pretrained
from hyperthumb.models.contract import RescalingNetwork
from hyperthumb.models.weights import load_weights

from .checkpoint import CheckpointFolder, Resume, expected_bytes
from .determinism import make_deterministic, report_determinism
from .distributed import World, gather_in_order, share_weights
from .experiment import Experiment, ValidationTable
from .logging import Board, log_to_file, open_log
from .objective import Objective
from .optimizers import Optimizers, partition_parameters
from .seeding import seed_iteration
from .stalls import StallWatch, WatchedSource
from .trainer import Trainer
from .validation import Validator


def _prepare_torch(options: TrainOptions, device: torch.device) -> None:
    """Process-wide switches: determinism, and the fastest convolutions where it does not matter."""
    torch.backends.cudnn.benchmark = device.type == "cuda" and not options.deterministic
    if options.train.precision == "fp16" and device.type == "cpu":
        raise OptionsError("train.precision: fp16 needs a CUDA device; on a CPU, bf16 is the faster one")
    if options.deterministic:
        make_deterministic()


def build_trainer(
    options: TrainOptions,
    world: World,
    device: torch.device,
    auto_resume: bool,
    stalls: StallWatch,
    caught: Sequence[warnings.WarningMessage] = (),
) -> Trainer:
    """Opens the experiment's folder, the data and the network, and loads what there is to load.

    Args:
        options: the run.
        world: this process among all.
        device: where to train.
        auto_resume: go on from the experiment's newest checkpoint, if there is one.
        stalls: warns when the disk hangs.
        caught: warnings from reading the options, to be said in the log.

    Raises:
        HyperthumbError: for anything the user has to mend.
    """
    logger = open_log(world.rank)
    folder = CheckpointFolder(options.path.experiments_root / options.name, options.logger.keep_last)
    with stalls.over(lambda: f"for a checkpoint to be read from {folder.root}"):
        resume = _find_resume(options, folder, auto_resume)
    start = resume.iteration if resume else 0
    _check_agreement(start, world, folder)
    _prepare_torch(options, device)
    seed_iteration(options.manual_seed, 0)
    network = build_network(options.network_g, options.scale)
    with stalls.over(lambda: f"for weights to be read from {options.path.pretrain_network_g}"):
        _load_start(network, options, resume, logger)
    network.to(device, memory_format=torch.channels_last if options.train.channels_last else torch.preserve_format)  # type: ignore[call-overload]
    share_weights(network, world)
    groups = partition_parameters(network, options.train.freeze)
    objective, optimizers = Objective(options.train.losses), Optimizers(groups, options.train)
    with stalls.over(lambda: "for the training photographs to be looked through"):
        loader = _build_loader(options, device, world, start)
    with stalls.over(lambda: "for the validation photographs to be looked through"):
        sources = {
            data.name or key: build_source(data.source, data.max_images, data.skips_at_most)
            for key, data in options.datasets.val.items()
        }

    # Nothing that the user has to mend is left: only now is an earlier experiment moved aside.
    experiment = Experiment(options, resuming=auto_resume or resume is not None) if world.is_main else None
    table = None
    if experiment is not None:
        log_to_file(logger, experiment.log_file)
        for warning in caught:
            logger.warning("warning: %s", warning.message)
        experiment.write_records(options, sys.argv)
        _say_hello(logger, options, experiment, network, device, world)
        folder.warn_of_little_room(expected_bytes(network, averaged=options.train.ema_decay > 0))
        if options.deterministic:
            report_determinism(network, objective, options.datasets.train.gt_size or 256, device, logger)
        again = resume is None or not resume.state["validated"]  # the validation of `start` is to be repeated
        table = ValidationTable(experiment.root / "metrics.csv", start - again) if sources else None
    validator = Validator(
        {name: WatchedSource(source, stalls) for name, source in sources.items()},
        get_protocol(options.val.protocol, options.scale),
        open_lpips(options.val.lpips, device.type) if sources else None,
        options.val.profile,
        options.val.rate_scale,
        options.val.refine,
        folder.root / "visualization" if options.val.save_img else None,
        table,
        world,
        logger,
    )
    board = Board(
        experiment.tensorboard if experiment and options.logger.use_tb_logger else None,
        start,
        options.logger.wandb if experiment else None,
        options.name,
    )
    return Trainer(
        options, network, groups, objective, optimizers, loader, validator, folder, board, logger, world, device,
        resume, stalls,
    )  # fmt: skip


def _build_loader(options: TrainOptions, device: torch.device, world: World, start: int) -> TrainingLoader:
    data = options.datasets.train
    return build_training_loader(
        data.source,
        gt_size=data.gt_size or 256,
        use_flip=data.use_flip,
        use_rot=data.use_rot,
        batch_size=data.batch_size_per_gpu,
        num_workers=data.num_worker_per_gpu,
        cache=data.cache,
        cache_limit_gb=data.cache_limit_gb,
        on_corrupt=data.on_corrupt,
        max_corrupt=data.max_corrupt,
        max_images=data.max_images,
        seed=options.manual_seed,
        start_iteration=start,
        total_iterations=options.train.total_iter,
        rank=world.rank,
        world_size=world.size,
        accumulate=options.train.accumulate,
        scale=options.scale,
        pin_memory=device.type == "cuda",
    )


def _find_resume(options: TrainOptions, folder: CheckpointFolder, auto_resume: bool) -> Resume | None:
    """What the run goes on from: with `auto_resume` its own newest checkpoint, if there is one, else `resume_state`.

    A job that is started again by the same command has its own checkpoints by then.
    """
    resume = folder.newest() if auto_resume else None
    if resume is None and options.path.resume_state is not None:
        resume = folder.read(options.path.resume_state)
    return resume


def _check_agreement(start: int, world: World, folder: CheckpointFolder) -> None:
    """Processes that found different checkpoints would train on side by side, each from its own."""
    starts = gather_in_order([start], world)
    if len(set(starts)) > 1:
        raise CheckpointError(
            f"the processes found checkpoints of different iterations in {folder.root} ({', '.join(map(str, starts))}, "
            "in the order of their ranks): the folder has to be the same one for all of them"
        )


def _load_start(
    network: RescalingNetwork, options: TrainOptions, resume: Resume | None, logger: logging.Logger
) -> None:
    if resume is not None:
        load_weights(network, resume.weights["params"], Path(f"iteration {resume.iteration}'s checkpoint"))
        logger.info("going on from iteration %s", f"{resume.iteration:,}")
    elif options.path.pretrain_network_g is not None:
        path = options.path.pretrain_network_g
        load_pretrained(network, path, options.path.param_key_g, options.path.strict_load_g)
        logger.info("starting from %s", path)


def _say_hello(
    logger: logging.Logger,
    options: TrainOptions,
    experiment: Experiment,
    network: RescalingNetwork,
    device: torch.device,
    world: World,
) -> None:
    processes = "1 process" if world.size == 1 else f"{world.size} processes"
    count = sum(p.numel() for p in network.parameters())
    kind = f"{options.network_g.type} of {count / 1e6:.2f} M parameters"
    logger.info("%s: %s, %s, %s", options.name, kind, device, processes)
    logger.info(", ".join(f"{key} {value}" for key, value in describe_environment().items()))
    if experiment.archived:
        logger.info("an earlier experiment of this name was moved to %s", experiment.archived)
    logger.info("experiment: %s", experiment.root)
