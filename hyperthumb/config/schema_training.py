"""Every setting of an options file's section `train`; see `schema.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from hyperthumb.base.component import Component
from hyperthumb.base.constraints import Above, AtLeast, Below, Count, CountOrZero
from hyperthumb.base.registry import LOSSES, PartOf


@dataclass(frozen=True)
class OptimizerOptions:
    """One optimizer.

    Attributes:
        lr: the learning rate before any schedule.
        type: the algorithm. Muon is for convolutions (training/muon.py), SOAP for all matrices
            (training/soap.py).
        betas: the decay rates of the averages of the gradient and of its square.
        weight_decay: how strongly weights are pulled towards 0.
    """

    lr: Annotated[float, Above(0)]
    type: Literal["Adam", "AdamW", "Muon", "SOAP"] = "Adam"
    betas: tuple[Annotated[float, AtLeast(0), Below(1)], Annotated[float, AtLeast(0), Below(1)]] = (0.9, 0.99)
    weight_decay: Annotated[float, AtLeast(0)] = 0.0


@dataclass(frozen=True)
class SchedulerOptions:
    """How the learning rates change.

    Attributes:
        type: the schedule. `ConstantLR` keeps the rates.
        milestones: the iterations at which MultiStepLR changes the rates; a single number is the interval.
        gamma: the factor that MultiStepLR applies at each milestone.
        eta_min: the last rate of CosineAnnealingLR.
    """

    type: Literal["ConstantLR", "MultiStepLR", "CosineAnnealingLR"] = "ConstantLR"
    milestones: Count | list[Count] | None = None
    gamma: Annotated[float, Above(0)] = 0.5
    eta_min: Annotated[float, AtLeast(0)] = 0.0


@dataclass(frozen=True)
class WeightedLoss:
    """A class of `LOSSES`; its `type` and arguments stand flat among the other keys.

    Attributes:
        loss: the class.
        weight: the loss's weight in the sum.
    """

    flat: ClassVar[str] = "loss"

    loss: Annotated[Component, PartOf(LOSSES)]
    weight: Annotated[float, AtLeast(0)] = 1.0


@dataclass(frozen=True)
class RateLossOptions:
    """The rate term of the objective.

    Attributes:
        weight: the weight of the estimated bits per HR pixel in the sum (the paper's lambda2).
    """

    weight: Annotated[float, AtLeast(0)]


@dataclass(frozen=True)
class OwnLossOptions:
    """A term that the network computes itself, such as the size of IRN's latent variable.

    Attributes:
        weight: the term's weight in the sum.
    """

    weight: Annotated[float, AtLeast(0)]


@dataclass(frozen=True)
class NamedLoss:
    """An additional term: a class of `LOSSES`, whose `type` and arguments stand flat among the other keys.

    Attributes:
        loss: the class.
        on: what the loss compares: the restored picture with the original, the decoded thumbnail with the bicubic
            reference, or the quantized coefficients or the tables with zeros.
        weight: the loss's weight in the sum.
    """

    flat: ClassVar[str] = "loss"

    loss: Annotated[Component, PartOf(LOSSES)]
    on: Literal["restored", "thumbnail", "coefficients", "tables"]
    weight: Annotated[float, AtLeast(0)] = 1.0


@dataclass(frozen=True)
class LossesOptions:
    """The objective's terms (paper, section 3.4), and any number of others, under names that the user chooses.

    Attributes:
        reconstruction: compares the restored picture with the original.
        guide: compares the decoded thumbnail with the bicubic reference.
        rate: the estimated bits per HR pixel.
        own: the loss that the network computes itself, if it has one.
        terms: more terms under names of your choice; in the file they stand beside the four above.
    """

    reconstruction: WeightedLoss
    guide: WeightedLoss | None = None
    rate: RateLossOptions | None = None
    own: OwnLossOptions | None = None
    terms: dict[str, NamedLoss] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainingOptions:
    """The length, the losses and the optimizers of a training.

    Attributes:
        total_iter: the number of optimizer steps.
        batch_size: the crops of one step, shared among all processes and micro-batches (`accumulate`).
        warmup_iter: the number of steps in which the learning rates rise from 0.
        losses: the terms of the objective.
        precision: the arithmetic of the networks; DCT, tables and likelihoods stay in float32.
        channels_last: whether to use the memory layout that is faster on recent GPUs.
        compile: whether `torch.compile` compiles the networks.
        accumulate: the number of micro-batches in a step.
        gradient_clipping: the largest norm of the networks' gradient.
        ema_decay: the decay of the averaged weights; 0 keeps no average.
        optim_g: the optimizer of the networks.
        optim_rate: the optimizer of the rate model; None uses the settings of `optim_g`.
        optim_aux: the optimizer of the entropy bottleneck's quantiles.
        scheduler: how the learning rates change.
        freeze: parameters whose names start with one of these texts are not trained.
        skip_bad_steps: how many steps with a loss or gradient that is not finite a run skips; the next one stops it.
    """

    total_iter: Count
    optim_g: OptimizerOptions
    losses: LossesOptions
    batch_size: Count | None = None
    warmup_iter: CountOrZero = 0
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    channels_last: bool = False
    compile: bool = False
    accumulate: Count = 1
    gradient_clipping: Annotated[float, Above(0)] | None = None
    ema_decay: Annotated[float, AtLeast(0), Below(1)] = 0.0
    optim_rate: OptimizerOptions | None = None
    optim_aux: OptimizerOptions | None = None
    scheduler: SchedulerOptions = SchedulerOptions()
    freeze: list[str] = field(default_factory=list)
    skip_bad_steps: CountOrZero = 0
