"""Checks that an exported graph gives the same results as the network, also at sizes that the exporter did not see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.wording import counted

from .session import Session

SIZES = ((3, 5), (1, 2), (4, 7))
"""Sizes of the examples in blocks of the thumbnail. The exporter sees only the first."""

FLOAT_TOLERANCE = 1e-5
"""The largest allowed difference of a float32 graph, relative to the output's range (1 for the restored picture)."""

LOSS_DB = {"fp16": 0.01, "int8": 0.05}
"""The largest PSNR in dB that a graph of lower precision may lose on the photographs."""


class Difference(NamedTuple):
    """The difference between an exported graph and the network.

    Attributes:
        largest: the largest difference of an output value, relative to the range of that output.
        levels: the largest difference of 8-bit pictures, in levels; 0 for graphs without such an output.
        moved: the share of 8-bit values that differ, 0..1.
    """

    largest: float
    levels: int
    moved: float


@torch.no_grad()
def compare(graph: nn.Module, session: Session, inputs: Sequence[np.ndarray]) -> Difference:
    """Finds the largest differences over all inputs."""
    largest, levels, moved = 0.0, 0, 0.0
    for value in inputs:
        expected = graph(torch.from_numpy(value))
        for ours, theirs in zip(_outputs(expected), session.run(value), strict=True):
            if ours.dtype == np.uint8:
                steps = np.abs(ours.astype(np.int16) - theirs.astype(np.int16))
                levels, moved = max(levels, int(steps.max())), max(moved, float((steps > 0).mean()))
            else:
                span = max(1.0, float(np.abs(ours).max()))
                largest = max(largest, float(np.abs(ours - theirs).max()) / span)
    return Difference(largest, levels, moved)


def check_float(graph: nn.Module, session: Session, inputs: Sequence[np.ndarray]) -> Difference:
    """Does the same as `compare`, for a float32 graph, and checks the result.

    Raises:
        HyperthumbError: if the difference exceeds `FLOAT_TOLERANCE`, or 8-bit values differ by more than rounding.
    """
    difference = compare(graph, session, inputs)
    if not difference.largest <= FLOAT_TOLERANCE or difference.levels > 1 or difference.moved > 1e-3:
        raise HyperthumbError(
            f"the exported {session.manifest.part} differs from the network by {difference.largest:.1e} (allowed: "
            f"{FLOAT_TOLERANCE:.0e}), and by {counted(difference.levels, 'level')} in {difference.moved:.2%} of the "
            "pixels; this graph was not written"
        )
    return difference


def example_pictures(scale: int, seed: int = 0) -> list[np.ndarray]:
    """Smooth pictures (1, H, W, 3) uint8 of `SIZES` with some noise."""
    return [_picture(8 * scale * height, 8 * scale * width, seed) for height, width in SIZES]


def example_coefficients(seed: int = 0) -> list[np.ndarray]:
    """Dequantized coefficients (1, 192, h, w) of `SIZES`, with magnitudes as in photographs."""
    rng = np.random.default_rng(seed)
    frequency = np.tile(np.arange(64), 3)[:, None, None]
    return [(rng.laplace(size=(1, 192, *size)) * (200 / (1 + frequency))).astype(np.float32).round() for size in SIZES]


def _picture(height: int, width: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width] / 37
    planes = [120 + 90 * np.sin(rows * a + columns * b) for a, b in rng.uniform(-1, 1, (3, 2))]
    noisy = np.stack(planes, axis=2) + rng.normal(0, 3, (height, width, 3))
    return np.clip(noisy, 0, 255).round().astype(np.uint8)[None]


def _outputs(value: Tensor | tuple[Tensor, ...]) -> list[np.ndarray]:
    return [tensor.numpy() for tensor in (value if isinstance(value, tuple) else (value,))]
