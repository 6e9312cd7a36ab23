"""Every setting of an options file, with its type, its bounds and its default.

A field without a default is a key that has to be given. `reader.py` reads files by these annotations; nothing else says
what a key may be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from hyperthumb.base.component import Component
from hyperthumb.base.constraints import Above, AtLeast, Below, Count, CountOrZero, Existing, FolderName
from hyperthumb.base.limits import Device, Profile, Scale
from hyperthumb.base.registry import ARCHS, BASELINES, DATASETS, LOSSES, PartOf

Name = Annotated[str, FolderName()]


@dataclass(frozen=True)
class DatasetOptions:
    """One set of pictures; `source`'s `type` and arguments stand flat among the other keys.

    Attributes:
        name: names the results' folder; the data set's key unless said.
        source: a class of `DATASETS`: folders of pictures, paired folders, LMDB.
        gt_size: side of the square HR crops of training, in pixels, a multiple of 8 * scale.
        batch_size_per_gpu: crops a process takes at once; `train.accumulate` multiplies it.
        cache: `ram` keeps the decoded pictures in memory when they fit.
        cache_limit_gb: GB (1e9 bytes) they may take; None is half of what is available.
        on_corrupt: whether a picture that cannot be used (damaged, transparent, CMYK without a profile, smaller than
            the crops, with a thumbnail of the wrong size) stops the run or is passed over.
        max_corrupt: how many may be passed over.
        max_images: only the first so many, in the order of names.
    """

    flat: ClassVar[str] = "source"

    source: Annotated[Component, PartOf(DATASETS)]
    name: Name
    gt_size: Count | None = None
    use_flip: bool = True
    use_rot: bool = True
    batch_size_per_gpu: Count = 16
    num_worker_per_gpu: CountOrZero = 2
    cache: Literal["none", "ram"] = "none"
    cache_limit_gb: Annotated[float, Above(0)] | None = None
    on_corrupt: Literal["error", "skip"] = "error"
    max_corrupt: CountOrZero = 10
    max_images: Count | None = None

    @property
    def crop_size(self) -> int:
        """`gt_size`, which a training set is required to have."""
        assert self.gt_size is not None
        return self.gt_size

    @property
    def skips_at_most(self) -> int | None:
        """How many pictures may be passed over; None where the first that cannot be used is an error."""
        return self.max_corrupt if self.on_corrupt == "skip" else None


@dataclass(frozen=True)
class TrainDatasets:
    """What is trained on, and what is validated on (the keys `val`, `val_2`, ...)."""

    train: DatasetOptions
    val: dict[str, DatasetOptions] = field(default_factory=dict)


@dataclass(frozen=True)
class PathOptions:
    """Files to start from and folders to write to, relative to the working directory.

    Attributes:
        pretrain_network_g: a checkpoint of weights to start from, or to test.
        strict_load_g: whether its names have to be exactly the network's.
        param_key_g: which weights of the file; `auto` takes `params_ema` when it is there.
        resume_state: a training state to go on from.
    """

    pretrain_network_g: Annotated[Path, Existing()] | None = None
    strict_load_g: bool = True
    param_key_g: Literal["params_ema", "params", "auto"] = "auto"
    resume_state: Annotated[Path, Existing()] | None = None
    experiments_root: Path = Path("experiments")
    tb_root: Path = Path("tb_logger")
    results_root: Path = Path("results")


@dataclass(frozen=True)
class OptimizerOptions:
    """One optimizer; `lr` is the rate before any schedule. Muon is for convolutions (training/muon.py)."""

    lr: Annotated[float, Above(0)]
    type: Literal["Adam", "AdamW", "Muon"] = "Adam"
    betas: tuple[Annotated[float, AtLeast(0), Below(1)], Annotated[float, AtLeast(0), Below(1)]] = (0.9, 0.99)
    weight_decay: Annotated[float, AtLeast(0)] = 0.0


@dataclass(frozen=True)
class SchedulerOptions:
    """How the learning rates change.

    Attributes:
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
    """A class of `LOSSES`, its `type` and arguments flat beside the `weight` it has in the sum."""

    flat: ClassVar[str] = "loss"

    loss: Annotated[Component, PartOf(LOSSES)]
    weight: Annotated[float, AtLeast(0)] = 1.0


@dataclass(frozen=True)
class RateLossOptions:
    """The weight of the estimated bits per HR pixel in the sum (the paper's lambda2)."""

    weight: Annotated[float, AtLeast(0)]


@dataclass(frozen=True)
class OwnLossOptions:
    """The weight of the term that the network computes of itself, such as the size of IRN's latent variable."""

    weight: Annotated[float, AtLeast(0)]


@dataclass(frozen=True)
class LossesOptions:
    """The objective's terms (paper, section 3.4).

    Attributes:
        reconstruction: restored against original.
        guide: decoded thumbnail against the bicubic reference.
        rate: estimated bits per HR pixel.
        own: what the network has to say about itself, where it has.
    """

    reconstruction: WeightedLoss
    guide: WeightedLoss | None = None
    rate: RateLossOptions | None = None
    own: OwnLossOptions | None = None


@dataclass(frozen=True)
class TrainingOptions:
    """How long, how and towards what to train.

    Attributes:
        total_iter: optimizer steps.
        warmup_iter: steps over which the learning rates rise from 0.
        precision: of the networks; DCT, tables and likelihoods stay in float32.
        accumulate: micro-batches a step.
        gradient_clipping: the largest norm of the networks' gradient.
        ema_decay: of the averaged weights; 0 keeps none.
        optim_g: for the networks.
        optim_rate: for the rate model; None is as for the networks.
        optim_aux: for the entropy bottleneck's quantiles.
        freeze: parameters whose names start so are not trained.
        skip_bad_steps: how many steps whose loss or gradient is not finite a run leaves out before the next one stops
            it; 0 stops at the first.
    """

    total_iter: Count
    optim_g: OptimizerOptions
    losses: LossesOptions
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


@dataclass(frozen=True)
class LpipsOptions:
    """LPIPS' backbone; `backbone_weights` is a torchvision state_dict on disk, None lets the package fetch it."""

    net: Literal["alex", "vgg", "squeeze"] = "alex"
    backbone_weights: Annotated[Path, Existing()] | None = None


@dataclass(frozen=True)
class ValidationOptions:
    """What is measured, and when.

    Attributes:
        val_freq: iterations between validations.
        save_img: whether restored pictures are written.
        protocol: `paper` crops nothing, `sr` crops `scale` pixels at each side before PSNR and SSIM.
        lpips: None leaves the column empty.
        profile: how the files are coded (jpeg/profiles.py); `default` is what the paper counts.
        rate_scale: multiplies the predicted tables at test time; above 1, smaller files.
        refine: steps of gradient descent on each thumbnail's coefficients (docs/thumbnails.md); 0 is none.
    """

    val_freq: Count = 5000
    save_img: bool = True
    protocol: Literal["paper", "sr"] = "paper"
    lpips: LpipsOptions | None = None
    profile: Profile = "small"
    rate_scale: Annotated[float, Above(0)] = 1.0
    refine: CountOrZero = 0


@dataclass(frozen=True)
class WandbOptions:
    """Weights & Biases; without a project it is off."""

    project: str | None = None
    resume_id: str | None = None


@dataclass(frozen=True)
class LoggerOptions:
    """What is reported and kept, and how often, in iterations.

    Attributes:
        image_freq: pictures in the logs; None is at each validation.
        keep_last: how many checkpoints stay on disk; None is all.
        stall_warning_seconds: a wait for the disk that takes longer is warned of while it lasts.
    """

    print_freq: Count = 100
    save_checkpoint_freq: Count = 5000
    image_freq: Count | None = None
    keep_last: Count | None = None
    stall_warning_seconds: Annotated[float, Above(0)] = 60.0
    use_tb_logger: bool = True
    wandb: WandbOptions | None = None


@dataclass(frozen=True)
class DistOptions:
    """Several processes.

    Attributes:
        backend: torch.distributed's; `auto` is nccl with CUDA and gloo without.
        timeout_minutes: how long a process waits within a step for one that hangs; validation may take longer.
    """

    backend: Literal["auto", "nccl", "gloo"] = "auto"
    timeout_minutes: Annotated[float, Above(0)] = 30.0


@dataclass(frozen=True)
class TrainOptions:
    """A training's options file. `source` is the file itself.

    Attributes:
        deterministic: the same bits in every run on the same GPU, somewhat slower; a CPU gives them anyway.
    """

    source: Path = field(compare=False)
    name: Name
    scale: Scale
    datasets: TrainDatasets
    network_g: Annotated[Component, PartOf(ARCHS)]
    train: TrainingOptions
    manual_seed: CountOrZero = 0
    device: Device = "auto"
    deterministic: bool = False
    plugins: list[str] = field(default_factory=list)
    path: PathOptions = PathOptions()
    val: ValidationOptions = ValidationOptions()
    logger: LoggerOptions = LoggerOptions()
    dist_params: DistOptions = DistOptions()


@dataclass(frozen=True)
class NetworkOptions:
    """What an options file says about the network alone."""

    name: Name
    scale: Scale
    network_g: Annotated[Component, PartOf(ARCHS)]
    plugins: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class TestOptions:
    """A test's options file. `source` is the file itself.

    Attributes:
        network_g: None measures the baselines alone.
        baselines: classes of `BASELINES` to measure beside it.
        comparison: whether a picture is made that shows them side by side.
    """

    __test__ = False  # its name makes pytest think that it is a test

    source: Path = field(compare=False)
    name: Name
    scale: Scale
    datasets: dict[str, DatasetOptions]
    network_g: Annotated[Component | None, PartOf(ARCHS)] = None
    baselines: list[Annotated[Component, PartOf(BASELINES)]] = field(default_factory=list)
    device: Device = "auto"
    plugins: list[str] = field(default_factory=list)
    path: PathOptions = PathOptions()
    val: ValidationOptions = ValidationOptions()
    comparison: bool = False
