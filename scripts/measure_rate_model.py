"""How well a rate model's estimate follows the sizes of real files, and the weights of the rate model `magnitude`.

    python scripts/measure_rate_model.py EXPERIMENT [EXPERIMENT ...] FOLDER [--out rate_model.json]

Makes thumbnails of a folder's photographs, and of crops as a training sees them, at several rates, and writes each as a
file. On one half of the photographs it fits a factor, then a factor and a constant, to the networks' own estimates, and
the weights of `magnitude` (non-negative least squares; all three of the relative error, so that small files count as
much as large ones); the numbers are those of the other half. Give a folder of photographs for training or validation:
what is fitted to a test set is no test.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.optimize import nnls
from scipy.stats import pearsonr, spearmanr

from hyperthumb.archs.rate_model import FEATURES, SMALL_WEIGHTS, magnitude_features
from hyperthumb.base.errors import CheckpointError, HyperthumbError
from hyperthumb.base.files import write_atomically
from hyperthumb.base.limits import Profile
from hyperthumb.base.output import emit, entry_point
from hyperthumb.codec import photograph as path
from hyperthumb.config import load_network_options
from hyperthumb.data.image_io import list_images, read_image
from hyperthumb.jpeg.file import JpegThumbnail, write_jpeg
from hyperthumb.jpeg.zigzag import to_zigzag
from hyperthumb.models.build import build_network, load_checkpoint
from hyperthumb.models.contract import RescalingNetwork
from hyperthumb.runtime.torch_engine import TorchEngine

PROFILES: tuple[Profile, ...] = ("small", "default")
KINDS = ("photographs", "crops")


class Measured(NamedTuple):
    """A thumbnail.

    Attributes:
        photograph: its place in the folder.
        kind: one of KINDS.
        pixels: of the photograph, or of its crop.
        estimate: the network's own, in bits; NaN from a network without a rate model.
        features: the numbers that `magnitude` weighs.
        bits: of the file in each of PROFILES.
    """

    photograph: int
    kind: str
    pixels: int
    estimate: float
    features: list[float]
    bits: tuple[float, ...]


class Agreement(NamedTuple):
    """Estimates against files.

    Attributes:
        files: how many.
        ratio: mean of estimate / size.
        pearson: correlation of both in bits per pixel.
        rank: Spearman's correlation of the same.
        error: mean of |estimate / size - 1|.
    """

    files: int
    ratio: float
    pearson: float
    rank: float
    error: float


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Prints tables as Markdown; 0 when all is well, 1 for a user's mistake."""
    options = parse(arguments)
    torch.set_num_threads(1)
    rows = [row for source in options.sources for row in measure(load_whole(source), options)]
    result = {profile: compare(rows, place) for place, profile in enumerate(PROFILES)}
    if options.out:
        command = ["scripts/measure_rate_model.py", *(sys.argv[1:] if arguments is None else arguments)]
        content = {"command": " ".join(command), "features": FEATURES, "profiles": result}
        write_atomically(options.out, f"{json.dumps(content, indent=1)}\n".encode())
    for profile, of_profile in result.items():
        emit(as_table(profile, of_profile))
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="+", type=Path, metavar="EXPERIMENT", help="a training's folder, or its .pth")
    parser.add_argument("folder", type=Path, help="photographs")
    parser.add_argument("--step", type=int, default=1, help="take every so many-th photograph")
    parser.add_argument(
        "--max_side", type=int, default=1024, help="larger photographs are cut to it, from the top left"
    )
    parser.add_argument("--crops", type=int, default=3, help="of each photograph")
    parser.add_argument("--crop_size", type=int, default=128, help="a training's gt_size")
    parser.add_argument("--rate_scales", nargs="+", type=float, default=[0.5, 0.8, 1.0, 1.25, 1.6, 2.5])
    parser.add_argument("--out", type=Path, help="a JSON file")
    return parser.parse_args(arguments)


def load_whole(source: Path) -> RescalingNetwork:
    """A training's network with its rate model, also one that no model file would hold.

    Raises:
        HyperthumbError: when the weights or the options are missing, or do not fit.
    """
    checkpoint = source / "models" / "net_g_latest.pth" if source.is_dir() else source
    options_file = checkpoint.parent.parent / "options.resolved.yml"
    if not options_file.is_file():
        raise CheckpointError(f"there is no {options_file}, which would say what {checkpoint} is")
    options = load_network_options(options_file)
    network = build_network(options.network_g, options.scale)
    load_checkpoint(network, checkpoint, "auto")
    return network.eval()


def measure(network: RescalingNetwork, options: argparse.Namespace) -> list[Measured]:
    """All thumbnails of a network."""
    engine = TorchEngine(network)
    rows = []
    for place, name in enumerate(list_images(options.folder)[:: options.step]):
        image = read_image(options.folder / name)[: options.max_side, : options.max_side]
        pictures = [(KINDS[0], image)] + [(KINDS[1], crop) for crop in crops(image, place, options)]
        for kind, picture in pictures:
            analyzed = path.analyze(engine, picture)
            for rate_scale in options.rate_scales:
                jpeg, estimate = path.quantize(engine, analyzed, rate_scale)
                bits = tuple(8.0 * len(write_jpeg(jpeg, profile)) for profile in PROFILES)
                own = float("nan") if estimate is None else estimate
                rows.append(Measured(place, kind, picture.shape[0] * picture.shape[1], own, features(jpeg), bits))
    return rows


def crops(image: np.ndarray, seed: int, options: argparse.Namespace) -> list[np.ndarray]:
    """Random ones, the same in every run."""
    generator = np.random.default_rng(seed)
    size = options.crop_size
    height, width = image.shape[:2]
    corners = [
        (generator.integers(max(height - size, 0) + 1), generator.integers(max(width - size, 0) + 1))
        for _ in range(options.crops)
    ]
    return [image[top : top + size, left : left + size] for top, left in corners]


def features(jpeg: JpegThumbnail) -> list[float]:
    vectors = to_zigzag(torch.from_numpy(jpeg.coefficients).double()).flatten(1, 2)
    return magnitude_features(vectors.unsqueeze(0))[0].tolist()


def compare(rows: list[Measured], profile: int) -> dict[str, Any]:
    """Fits on the photographs at even places, and says how the estimates agree with the files of the others.

    Raises:
        HyperthumbError: for fewer than two photographs.
    """
    fitted_on = np.array([row.photograph % 2 == 0 for row in rows])
    if fitted_on.all():
        raise HyperthumbError("the folder needs two photographs at least, one to fit to and one to test")
    sizes = np.array([row.bits[profile] for row in rows])
    own = np.array([[row.estimate] for row in rows])
    estimates = {}
    fits: dict[str, Any] = {}
    if np.isfinite(own).all():
        affine = np.concatenate([own, np.ones_like(own)], axis=1)
        fits["factor"] = least_squares(own[fitted_on], sizes[fitted_on])
        fits["factor and constant"] = least_squares(affine[fitted_on], sizes[fitted_on])
        estimates["own estimate"] = own[:, 0]
        estimates["times a factor"] = own @ fits["factor"]
        estimates["factor and constant"] = affine @ fits["factor and constant"]
    counted = np.array([row.features for row in rows])
    fits["magnitude"], _ = nnls(counted[fitted_on] / sizes[fitted_on, None], np.ones(fitted_on.sum()))
    estimates["magnitude"] = counted @ fits["magnitude"]
    if PROFILES[profile] == "small":
        estimates["magnitude, its own weights"] = counted @ SMALL_WEIGHTS

    pixels = np.array([row.pixels for row in rows])
    kinds = np.array([row.kind for row in rows])
    agreement = {}
    for name, estimate in estimates.items():
        chosen = {kind: ~fitted_on & (kinds == kind) for kind in KINDS if kind in kinds}
        agreement[name] = {
            kind: agree(estimate[those], sizes[those], pixels[those])._asdict() for kind, those in chosen.items()
        }
    return {"fits": {name: fit.tolist() for name, fit in fits.items()}, "agreement": agreement}


def least_squares(columns: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Of the relative error."""
    return np.linalg.lstsq(columns / sizes[:, None], np.ones(len(sizes)), rcond=None)[0]


def agree(estimate: np.ndarray, sizes: np.ndarray, pixels: np.ndarray) -> Agreement:
    ratio = estimate / sizes
    densities = (estimate / pixels, sizes / pixels)
    return Agreement(
        len(sizes),
        float(ratio.mean()),
        float(pearsonr(*densities).statistic),
        float(spearmanr(*densities).statistic),
        float(np.abs(ratio - 1).mean()),
    )


def as_table(profile: str, result: dict[str, Any]) -> str:
    """Markdown."""
    lines = [f"\nProfile {profile}\n\n| estimate | of | files | estimate / size | Pearson | rank | mean error |"]
    lines.append("|---|---|---|---|---|---|---|")
    for name, kinds in result["agreement"].items():
        for kind, numbers in kinds.items():
            of = Agreement(**numbers)
            lines.append(
                f"| {name} | {kind} | {of.files} | {of.ratio:.3f} | {of.pearson:.4f} | {of.rank:.4f} "
                f"| {100 * of.error:.1f} % |"
            )
    weights = ", ".join(f"{weight:.2f}" for weight in result["fits"]["magnitude"])
    lines.append(f"\n`rate: {{type: magnitude, weights: [{weights}]}}` ({', '.join(FEATURES)})")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
