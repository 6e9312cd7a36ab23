"""Finds the rate scales at which models write files of given sizes, so that they can be compared at equal rates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from hyperthumb.codec.models import open_model
from hyperthumb.codec.photograph import analyze, quantize
from hyperthumb.data import ImageSource
from hyperthumb.evaluation.network_rescaler import NetworkRescaler, NetworkThumbnail

PHOTOGRAPHS = 24
"""Enough photographs to measure a set's rate; their coefficients fit into memory."""
_STEP = 1.5
_FARTHEST = 256.0
"""Above this scale all steps are 255, and below its inverse all are 1, so the rate no longer changes."""


def find_rate_scales(
    model: Path, source: ImageSource, rates: Sequence[float], device: torch.device, photographs: int = PHOTOGRAPHS
) -> list[float]:
    """Finds a rate scale for each rate, within about one percent. Rates that the model cannot reach are left out.

    Only file sizes are used. Nothing is restored, so scores cannot influence the choice.

    Args:
        model: a model file, a training's folder, or one of its checkpoints.
        source: the photographs that will be measured.
        rates: in bpp, means over the photographs.
        device: where the network runs.
        photographs: how many photographs to use, from the first on.

    Returns:
        The rate scales in descending order, for the rates in ascending order.

    Raises:
        CheckpointError: when the model cannot be loaded.
        CorruptImageError: when a photograph is damaged.
    """
    network = open_model(model).network.to(device)
    rescaler = NetworkRescaler(network)
    analyzed = [analyze(rescaler.engine, source.load(index).hr) for index in range(min(len(source), photographs))]

    def bpp(scale: float) -> float:
        written = [rescaler.write(NetworkThumbnail(*quantize(rescaler.engine, each, scale))) for each in analyzed]
        return float(np.mean([8 * len(data) / (p.height * p.width) for data, p in zip(written, analyzed, strict=True)]))

    return read_scales(bpp, rates)


def read_scales(bpp: Callable[[float], float], rates: Sequence[float]) -> list[float]:
    """Tries scales from 1 outwards until they cover the rates, then interpolates between their logarithms.

    Args:
        bpp: returns the rate at a scale; it falls as the scale grows.
        rates: in bpp.
    """
    found = {1.0: bpp(1.0)}
    for factor, rate in ((_STEP, min(rates)), (1 / _STEP, max(rates))):
        scale, above = 1.0, factor < 1
        while (found[scale] < rate if above else found[scale] > rate) and 1 / _FARTHEST < scale < _FARTHEST:
            scale *= factor
            found[scale] = bpp(scale)
    curve = sorted((np.log(rate), np.log(scale)) for scale, rate in found.items())
    known, scales = (np.array(column) for column in zip(*curve, strict=True))
    reached = [rate for rate in sorted(set(rates)) if known[0] <= np.log(rate) <= known[-1]]
    return [float(f"{np.exp(np.interp(np.log(rate), known, scales)):.3g}") for rate in reached]
