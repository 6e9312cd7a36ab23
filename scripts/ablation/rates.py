"""Models at the same rates: the rate scales at which each makes files of given sizes, chosen by sizes alone."""

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
"""So many of a set tell the rate well enough, and their coefficients fit into memory."""
_STEP = 1.5
_FARTHEST = 256.0
"""Beyond this scale, or its inverse, tables are all 255, or all 1: nothing changes any more."""


def find_rate_scales(
    model: Path, source: ImageSource, rates: Sequence[float], device: torch.device, photographs: int = PHOTOGRAPHS
) -> list[float]:
    """A rate scale for each rate, within about a percent of it, falling as rates rise; none for one out of reach.

    Nothing is restored, so no score has a part in the choice.

    Args:
        model: a model file, a training's folder, or one of its checkpoints.
        source: what is going to be measured on.
        rates: in bpp, means over the photographs.
        device: of the network.
        photographs: how many of the first ones are looked at.

    Raises:
        CheckpointError: when the model cannot be loaded.
        CorruptImageError: when a photograph is damaged.
    """
    network = open_model(model).network.to(device)
    rescaler, analyzer = NetworkRescaler(network), network.analyzer()
    analyzed = [analyze(analyzer, source.load(index).hr) for index in range(min(len(source), photographs))]

    def bpp(scale: float) -> float:
        written = [rescaler.write(NetworkThumbnail(*quantize(network, each, scale))) for each in analyzed]
        return float(np.mean([8 * len(data) / (p.height * p.width) for data, p in zip(written, analyzed, strict=True)]))

    return read_scales(bpp, rates)


def read_scales(bpp: Callable[[float], float], rates: Sequence[float]) -> list[float]:
    """Looks at scales from 1 outwards until the rates are covered, and interpolates between their logarithms.

    Args:
        bpp: the rate at a scale; falls as the scale grows.
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
