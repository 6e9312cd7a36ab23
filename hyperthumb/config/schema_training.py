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
        betas: how much of the past the averages of the gradient and of its square keep.
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
        milestones: MultiStepLR's iterations; a single number: every so many.
        gamma: what MultiStepLR multiplies with at each.
        eta_min: the rate CosineAnnealingLR ends with.
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
    """The term that the network computes of itself, such as the size of IRN's latent variable.

    Attributes:
        weight: the term's weight in the sum.
    """

    weight: Annotated[float, AtLeast(0)]


@dataclass(frozen=True)
class NamedLoss:
    """A term beside the paper's: a class of `LOSSES`, whose `type` and arguments stand flat among the other keys.

    Attributes:
        loss: the class.
        on: what it compares: the restored picture with the original, the decoded thumbnail with the bicubic reference,
            or the quantized coefficients or the tables with zeros.
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
        reconstruction: restored against original.
        guide: decoded thumbnail against the bicubic reference.
        rate: estimated bits per HR pixel.
        own: what the network has to say about itself, where it has.
        terms: other terms, by name; in the file they stand beside the four above.
    """

    reconstruction: WeightedLoss
    guide: WeightedLoss | None = None
    rate: RateLossOptions | None = None
    own: OwnLossOptions | None = None
    terms: dict[str, NamedLoss] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainingOptions:
    """How long, how and towards what to train.

    Attributes:
        total_iter: optimizer steps.
        batch_size: crops of one step, shared out among all processes and micro-batches (`accumulate`).
        warmup_iter: steps over which the learning rates rise from 0.
        losses: the terms of the objective.
        precision: of the networks; DCT, tables and likelihoods stay in float32.
        channels_last: the memory layout that is quicker on recent GPUs.
        compile: whether `torch.compile` compiles the networks.
        accumulate: micro-batches a step.
        gradient_clipping: the largest norm of the networks' gradient.
        ema_decay: of the averaged weights; 0 keeps none.
        optim_g: for the networks.
        optim_rate: for the rate model; None is as for the networks.
        optim_aux: for the entropy bottleneck's quantiles.
        scheduler: how the learning rates change.
        freeze: parameters whose names start so are not trained.
        skip_bad_steps: how many steps whose loss or gradient is not finite a run leaves out before the next one stops
            it; 0 stops at the first.
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
