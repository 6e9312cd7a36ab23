"""Every setting of an options file, with its type, its bounds and its default.

A field without a default is a key that has to be given. `reader.py` reads files by these annotations; nothing else says
what a key may be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from hyperthumb.base.component import Component
from hyperthumb.base.constraints import Above, AtLeast, Count, CountOrZero, Existing, FolderName
from hyperthumb.base.limits import Device, Profile, Scale
from hyperthumb.base.registry import ARCHS, BASELINES, DATASETS, PartOf

from .schema_training import TrainingOptions

Name = Annotated[str, FolderName()]
# Of a data set's settings, those that only training crops have a use for.
TRAINING_ONLY = (
    "gt_size",
    "use_flip",
    "use_rot",
    "batch_size_per_gpu",
    "num_worker_per_gpu",
    "cache",
    "cache_limit_gb",
)


@dataclass(frozen=True)
class DatasetOptions:
    """One set of pictures; `source`'s `type` and arguments stand flat among the other keys.

    Attributes:
        name: names the results' folder; the data set's key unless said.
        source: a class of `DATASETS`: folders of pictures, paired folders, LMDB.
        gt_size: side of the square HR crops of training, in pixels, a multiple of 8 * scale.
        batch_size_per_gpu: crops a process takes at once, as BasicSR's files state it; 16 if nothing is stated.
            `train.batch_size` states a step's total instead.
        use_flip: whether training crops are mirrored at random.
        use_rot: whether training crops are turned by 90 degrees at random.
        num_worker_per_gpu: processes that load crops for each training process; 0 loads in that process itself.
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
    batch_size_per_gpu: Count | None = None
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
    """Photographs to train and to validate on.

    Attributes:
        train: what is trained on.
        val: what is validated on: all keys that begin with `val`, such as `val` and `val_2`.
    """

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
        experiments_root: where trainings write their folders.
        tb_root: where TensorBoard's files go.
        results_root: where tests write their folders.
    """

    pretrain_network_g: Annotated[Path, Existing()] | None = None
    strict_load_g: bool = True
    param_key_g: Literal["params_ema", "params", "auto"] = "auto"
    resume_state: Annotated[Path, Existing()] | None = None
    experiments_root: Path = Path("experiments")
    tb_root: Path = Path("tb_logger")
    results_root: Path = Path("results")


@dataclass(frozen=True)
class LpipsOptions:
    """LPIPS' backbone.

    Attributes:
        net: the network.
        backbone_weights: torchvision's state dict on disk, with or without the classifier; None lets the package fetch
            it.
    """

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
        refine: steps that improve each thumbnail for its decoder (docs/thumbnails.md), or `best`; 0 is none.
    """

    val_freq: Count = 5000
    save_img: bool = True
    protocol: Literal["paper", "sr"] = "paper"
    lpips: LpipsOptions | None = None
    profile: Profile = "small"
    rate_scale: Annotated[float, Above(0)] = 1.0
    refine: CountOrZero | Literal["best"] = 0


@dataclass(frozen=True)
class WandbOptions:
    """Weights & Biases.

    Attributes:
        project: the project's name; None turns it off.
        resume_id: the run to go on with.
    """

    project: str | None = None
    resume_id: str | None = None


@dataclass(frozen=True)
class LoggerOptions:
    """What is reported and kept, and how often, in iterations.

    Attributes:
        print_freq: between the log's lines.
        save_checkpoint_freq: between checkpoints.
        image_freq: between pictures in the logs; None is at each validation.
        keep_last: how many checkpoints stay on disk; None is all.
        keep_best: the metric of the first validation set by which the best weights are kept, net_g_best.pth.
        keep_best_slope: what of the metric a doubling of the bytes is worth; 0 counts no bytes (docs/training.md).
        stall_warning_seconds: a wait for the disk that takes longer is warned of while it lasts.
        use_tb_logger: whether TensorBoard's files are written.
        wandb: Weights & Biases; None is off.
    """

    print_freq: Count = 100
    save_checkpoint_freq: Count = 5000
    image_freq: Count | None = None
    keep_last: Count | None = None
    keep_best: Literal["psnr_rgb", "psnr_y", "ssim", "lpips", "thumb_psnr"] | None = None
    keep_best_slope: Annotated[float, AtLeast(0)] = 0.0
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
    """A training's options file.

    Attributes:
        source: the file itself.
        name: names the experiment's folder.
        scale: by how much the thumbnail's sides are smaller than the photograph's.
        datasets: photographs to train and to validate on.
        network_g: the network.
        train: how long, how and towards what to train.
        manual_seed: what all random numbers follow from.
        device: where to compute; `auto` is CUDA where there is one.
        plugins: modules of the user's to import.
        path: files to start from and folders to write to.
        val: what is measured, and when.
        logger: what is reported and kept.
        dist_params: how several processes work together.
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
    """What an options file says about the network alone; attributes as in `TrainOptions`."""

    name: Name
    scale: Scale
    network_g: Annotated[Component, PartOf(ARCHS)]
    plugins: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class EvaluationOptions:
    """A test's options file.

    Attributes:
        source: the file itself.
        name: names the results' folder.
        scale: by how much the thumbnail's sides are smaller than the photograph's.
        datasets: photographs to test on, by any name.
        device: where to compute; `auto` is CUDA where there is one.
        plugins: modules of the user's to import.
        path: files to start from and folders to write to.
        val: what is measured.
        network_g: the network; None measures `model`, or the baselines alone.
        model: in its place, a training's folder, a checkpoint in it, a model file, or the name of a model that ships.
        baselines: classes of `BASELINES` to measure beside it.
        comparison: whether a picture is made that shows them side by side.
    """

    source: Path = field(compare=False)
    name: Name
    scale: Scale
    datasets: dict[str, DatasetOptions]
    network_g: Annotated[Component | None, PartOf(ARCHS)] = None
    model: str | None = None
    baselines: list[Annotated[Component, PartOf(BASELINES)]] = field(default_factory=list)
    device: Device = "auto"
    plugins: list[str] = field(default_factory=list)
    path: PathOptions = PathOptions()
    val: ValidationOptions = ValidationOptions()
    comparison: bool = False
