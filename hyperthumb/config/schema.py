"""Every setting of an options file, with its type, its bounds and its default.

A field without a default is a required key. `reader.py` reads files by these annotations; no other place defines what a
key may be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from hyperthumb.base.component import Component
from hyperthumb.base.constraints import Above, AtLeast, Count, CountOrZero, Existing, FolderName
from hyperthumb.base.limits import Device, Profile, Refinement, Scale
from hyperthumb.base.registry import ARCHS, BASELINES, DATASETS, PartOf

from .schema_training import TrainingOptions

Name = Annotated[str, FolderName()]
# The settings of a data set that only training uses.
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
        name: the name of the results' folder; by default the data set's key.
        source: a class of `DATASETS`: folders of pictures, paired folders, LMDB.
        gt_size: side of the square HR crops of training, in pixels, a multiple of 8 * scale.
        batch_size_per_gpu: crops that a process takes at once, as in BasicSR's files; 16 if neither this nor
            `train.batch_size`, the total of a step, is given.
        use_flip: whether training crops are mirrored at random.
        use_rot: whether training crops are rotated by 90 degrees at random.
        num_worker_per_gpu: processes that load crops for each training process; 0 loads in that process itself.
        cache: `ram` keeps decoded pictures in memory if they fit.
        cache_limit_gb: the most memory for them in GB (1e9 bytes); None is half of the available memory.
        on_corrupt: whether a picture that cannot be used (damaged, transparent, CMYK without a profile, smaller than
            the crops, with a thumbnail of the wrong size) stops the run or is skipped.
        max_corrupt: how many pictures may be skipped.
        max_images: use only this many pictures, the first by name.
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
        """How many pictures may be skipped; None if the first bad picture is an error."""
        return self.max_corrupt if self.on_corrupt == "skip" else None


@dataclass(frozen=True)
class TrainDatasets:
    """Photographs to train and to validate on.

    Attributes:
        train: the training set.
        val: the validation sets: all keys that start with `val`, such as `val` and `val_2`.
    """

    train: DatasetOptions
    val: dict[str, DatasetOptions] = field(default_factory=dict)


@dataclass(frozen=True)
class PathOptions:
    """Files to start from and folders to write to, relative to the working directory.

    Attributes:
        pretrain_network_g: a checkpoint of weights to start from, or to test.
        strict_load_g: whether the names in the checkpoint must equal those of the network.
        param_key_g: which weights of the file are used; `auto` takes `params_ema` if the file has it.
        resume_state: a training state to resume from.
        experiments_root: where trainings write their folders.
        tb_root: where trainings write their TensorBoard files.
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
    """The backbone of LPIPS.

    Attributes:
        net: the backbone network.
        backbone_weights: torchvision's state dict on disk, with or without the classifier; None lets the package fetch
            it.
    """

    net: Literal["alex", "vgg", "squeeze"] = "alex"
    backbone_weights: Annotated[Path, Existing()] | None = None


@dataclass(frozen=True)
class ValidationOptions:
    """What is measured, and when.

    Attributes:
        val_freq: the number of iterations between validations.
        save_img: whether restored pictures are written to disk.
        protocol: `paper` crops nothing, `sr` crops `scale` pixels at each side before PSNR and SSIM.
        lpips: the backbone of LPIPS; None leaves the column empty.
        profile: how files are coded; `default` counts bytes as the paper does (docs/thumbnails.md).
        rate_scale: a factor for the predicted tables at test time; above 1 makes files smaller.
        refine: steps that improve each thumbnail for its decoder (docs/thumbnails.md), or `best`; 0 is none. A mapping
            also says what the steps change.
    """

    val_freq: Count = 5000
    save_img: bool = True
    protocol: Literal["paper", "sr"] = "paper"
    lpips: LpipsOptions | None = None
    profile: Profile = "small"
    rate_scale: Annotated[float, Above(0)] = 1.0
    refine: CountOrZero | Literal["best"] | Refinement = 0


@dataclass(frozen=True)
class WandbOptions:
    """Weights & Biases.

    Attributes:
        project: the project's name; None turns Weights & Biases off.
        resume_id: the id of the run to resume.
    """

    project: str | None = None
    resume_id: str | None = None


@dataclass(frozen=True)
class LoggerOptions:
    """What is logged and kept, and how often, in iterations.

    Attributes:
        print_freq: the number of iterations between lines of the log.
        save_checkpoint_freq: the number of iterations between checkpoints.
        image_freq: the number of iterations between logged pictures; None logs them at each validation.
        keep_last: how many checkpoints stay on disk; None keeps all.
        keep_best: the metric that chooses the best weights (net_g_best.pth), measured on the first validation set.
        keep_best_slope: how much of the metric a doubling of the bytes is worth; 0 ignores bytes (docs/training.md).
        stall_warning_seconds: a wait for the disk that takes longer gives a warning while it lasts.
        use_tb_logger: whether TensorBoard files are written.
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
        backend: the backend of torch.distributed; `auto` is nccl with CUDA and gloo without.
        timeout_minutes: how long a step waits for a process that hangs; validation may take longer.
    """

    backend: Literal["auto", "nccl", "gloo"] = "auto"
    timeout_minutes: Annotated[float, Above(0)] = 30.0


@dataclass(frozen=True)
class TrainOptions:
    """A training's options file.

    Attributes:
        source: the file itself.
        name: the name of the experiment's folder.
        scale: the ratio of the photograph's sides to the thumbnail's.
        datasets: photographs to train and to validate on.
        network_g: the network.
        train: the length, the losses and the optimizers of the training.
        manual_seed: the seed of all random numbers.
        device: where to compute; `auto` is CUDA if there is a GPU.
        plugins: your modules to import.
        path: files to start from and folders to write to.
        val: what is measured, and when.
        logger: what is logged and kept.
        dist_params: how several processes work together.
        deterministic: gives the same bits in every run on the same GPU, but slower; a CPU always does.
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
        name: the name of the results' folder.
        scale: the ratio of the photograph's sides to the thumbnail's.
        datasets: photographs to test on, under names of your choice.
        device: where to compute; `auto` is CUDA if there is a GPU.
        plugins: your modules to import.
        path: files to start from and folders to write to.
        val: what is measured.
        network_g: the network; None measures `model`, or the baselines alone.
        model: in place of `network_g`: a training's folder or checkpoint, a model file, or a shipped model's name.
        baselines: classes of `BASELINES` to measure too.
        comparison: whether to write a picture that shows all results side by side.
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
