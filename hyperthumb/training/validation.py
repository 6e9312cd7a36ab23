"""Validation during training: evaluates the validation sets, divided among the processes."""

from __future__ import annotations

import logging
import warnings

from hyperthumb.config import DatasetOptions
from hyperthumb.data import ImageSource, build_source
from hyperthumb.evaluation.evaluator import OutputFolder, bicubic_psnr, evaluate_image
from hyperthumb.evaluation.lpips_column import open_lpips
from hyperthumb.evaluation.network_rescaler import NetworkRescaler
from hyperthumb.metrics import QUALITY, ImageScores, get_protocol, mean_scores
from hyperthumb.models.contract import RescalingNetwork

from .best import BestWeights
from .context import RunContext
from .distributed import gather_in_order
from .experiment import ValidationTable
from .stalls import WatchedSource
from .stopping import StopRequest

_STEPS_TO_LEARN = 1000
"""Iterations after the warm-up before a network is compared with bicubic resizing."""


class Validator:
    """Measures a network on each validation set of the options. It is false if there are none.

    `table` keeps the results, and `best` keeps the best weights. Both are set in the main process once the experiment's
    folder exists.

    Raises:
        HyperthumbError: if a set cannot be opened.
    """

    def __init__(self, context: RunContext) -> None:
        self.context, self.options = context, context.options.val
        self.table: ValidationTable | None = None
        self.best: BestWeights | None = None
        self._bicubic: dict[str, float] = {}
        sets = {data.name or key: data for key, data in context.options.datasets.val.items()}
        with context.stalls.over(lambda: "for the validation photographs to be listed and checked"):
            self.sources = {
                name: WatchedSource(build_source(data.source, data.max_images, data.skips_at_most), context.stalls)
                for name, data in sets.items()
            }
        self._labels = {name: _label(name, data) for name, data in sets.items()}
        self.protocol = get_protocol(self.options.protocol, context.options.scale)
        self.lpips = open_lpips(self.options.lpips, context.device.type, "val.lpips") if self.sources else None

    def __bool__(self) -> bool:
        return bool(self.sources)

    def run(self, network: RescalingNetwork, iteration: int, stop: StopRequest) -> dict[str, float] | None:
        """Validates and returns `val/<dataset>/<metric>`, the same on every rank. None if a signal interrupted it.

        The network's mode does not change.
        """
        was_training = network.training
        means: dict[str, float] = {}
        for name, source in self.sources.items():
            rows = self._measure(name, source, network, iteration, stop)
            if rows is None:
                break
            means |= self._record(name, rows, iteration)
            self._compare_with_bicubic(name, means.get(f"val/{name}/psnr_rgb"), iteration)
        network.train(was_training)
        return None if stop.agreed else means

    def _measure(
        self, name: str, source: ImageSource, network: RescalingNetwork, iteration: int, stop: StopRequest
    ) -> list[ImageScores] | None:
        val, world = self.options, self.context.world
        rescaler = NetworkRescaler(network, profile=val.profile, rate_scale=val.rate_scale, refine=val.refine)
        pictures = self.context.folder / "visualization" / name / f"{iteration:07d}"
        folder = OutputFolder(pictures) if val.save_img else None
        scale, train = self.context.options.scale, self.context.options.train
        # By now a network should be better than bicubic resizing; at scale 1 nothing is resized.
        judged = scale > 1 and iteration >= train.warmup_iter + _STEPS_TO_LEARN and name not in self._bicubic
        rows, bicubic = [], []
        for index in range(world.rank, len(source), world.size):
            pair = source.load(index)
            rows.append(evaluate_image(rescaler, pair, self.protocol, folder, self.lpips).scores)
            if judged and rows[-1].psnr_rgb is not None:
                bicubic.append(bicubic_psnr(pair.hr, scale, self.protocol))
            if stop.signal:
                break
        gathered = gather_in_order(rows, world)
        stop.agree(max(gather_in_order([stop.signal], world)))
        if judged and not stop.agreed:
            sums = gather_in_order([(sum(bicubic), len(bicubic))], world)
            self._bicubic[name] = sum(total for total, _ in sums) / max(1, sum(count for _, count in sums))
        return None if stop.agreed else gathered

    def _compare_with_bicubic(self, name: str, psnr: float | None, iteration: int) -> None:
        if psnr is not None and psnr < self._bicubic.get(name, 0) and self.context.world.is_main:
            warnings.warn(
                f"at iteration {iteration:,} the network is worse than bicubic resizing on {self._labels[name]}: PSNR "
                f"{psnr:.2f} dB against {self._bicubic[name]:.2f} dB. The learning rate (train.optim_g.lr) or the "
                "weight of the rate may be too high",
                stacklevel=2,
            )

    def _record(self, name: str, rows: list[ImageScores], iteration: int) -> dict[str, float]:
        mean = mean_scores(rows)
        known = {key: value for key in ("bpp", *QUALITY) if (value := getattr(mean, key)) is not None}
        if self.table is not None:
            place = {"iteration": iteration, "dataset": name, "protocol": self.protocol.name, "count": len(rows)}
            self.table.append({**place, **known})
        shown = "  ".join(f"{key} {value:.4f}" for key, value in known.items())
        logger = logging.getLogger("hyperthumb")
        label = self._labels[name]
        logger.info("validation at %s on %s (%s): %s", f"{iteration:,}", label, self.protocol.label, shown)
        return {f"val/{name}/{key}": value for key, value in known.items()}


def _label(name: str, data: DatasetOptions) -> str:
    """What the log calls a set: by its folder too if that says something else, as after a change of the folder."""
    folder = data.source.arguments.get("dataroot_gt", name)
    place = folder if isinstance(folder, str) else ", ".join(folder)
    return name if name in place else f"{place}, named {name}"
