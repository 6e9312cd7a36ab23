"""Compares rate models' estimates with the sizes of real files, and fits the weights of the rate model `magnitude`.

    python scripts/measure_rate_model.py EXPERIMENT [EXPERIMENT ...] FOLDER [--out rate_model.json]

It makes thumbnails of a folder's photographs, and of crops as in training, at several rates, and writes each as a file.
On one half of the photographs, it fits three estimates of the size: a factor of the network's own estimate, a factor
and a constant, and the weights of `magnitude` (non-negative least squares). All fits minimize the relative error, so
that small files count as much as large ones. The results are those of the other half. Give a folder of photographs for
training or validation, because a test set must not be used for fitting.
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
        photograph: index of the photograph in the folder.
        kind: one of KINDS.
        pixels: pixels of the photograph or crop.
        estimate: the network's own estimate in bits; NaN without a rate model.
        features: the features of `magnitude`.
        bits: size of the file in each of PROFILES.
    """

    photograph: int
    kind: str
    pixels: int
    estimate: float
    features: list[float]
    bits: tuple[float, ...]


class Agreement(NamedTuple):
    """The agreement of estimates with file sizes.

    Attributes:
        files: number of files.
        ratio: mean of estimate / size.
        pearson: Pearson's correlation of estimate and size, in bits per pixel.
        rank: Spearman's rank correlation of the same.
        error: mean of |estimate / size - 1|.
    """

    files: int
    ratio: float
    pearson: float
    rank: float
    error: float


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Prints tables as Markdown; returns 0, or 1 for an error."""
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
    parser.add_argument("--step", type=int, default=1, help="N uses every N-th photograph")
    parser.add_argument(
        "--max_side", type=int, default=1024, help="crop larger photographs to this side, from the top left"
    )
    parser.add_argument("--crops", type=int, default=3, help="crops per photograph")
    parser.add_argument("--crop_size", type=int, default=128, help="side of a crop, as gt_size of a training")
    parser.add_argument("--rate_scales", nargs="+", type=float, default=[0.5, 0.8, 1.0, 1.25, 1.6, 2.5])
    parser.add_argument("--out", type=Path, help="a JSON file")
    return parser.parse_args(arguments)


def load_whole(source: Path) -> RescalingNetwork:
    """Loads the network of a training with its rate model, even if model files cannot hold that rate model.

    Raises:
        HyperthumbError: if the weights or the options are missing, or do not fit together.
    """
    checkpoint = source / "models" / "net_g_latest.pth" if source.is_dir() else source
    options_file = checkpoint.parent.parent / "options.resolved.yml"
    if not options_file.is_file():
        raise CheckpointError(f"there is no {options_file}, which is needed to build the network of {checkpoint}")
    options = load_network_options(options_file)
    network = build_network(options.network_g, options.scale)
    load_checkpoint(network, checkpoint, "auto")
    return network.eval()


def measure(network: RescalingNetwork, options: argparse.Namespace) -> list[Measured]:
    """Makes and measures all thumbnails of a network."""
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
    """Random crops, the same in every run."""
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
    """Fits to the photographs with even indices, and compares the estimates with the files of the others.

    Raises:
        HyperthumbError: if there are fewer than two photographs.
    """
    fitted_on = np.array([row.photograph % 2 == 0 for row in rows])
    if fitted_on.all():
        raise HyperthumbError("the folder needs at least two photographs, one for fitting and one for testing")
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
    """Minimizes the squared relative error."""
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
    """The result as Markdown."""
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
