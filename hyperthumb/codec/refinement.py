"""Better coefficients for the decoder: annealed descent on one photograph's thumbnail.

The encoder sees a photograph once and has to suit all. Here the decoder's weights stay as they are and the quantized
coefficients move, so that the restored picture comes nearer to the photograph for the bytes of its file. The files are
ordinary, and restoring them takes nothing more. Learned compression knows this as content adaptive optimization, or
latent refinement (Campos et al., 2019); the descent is stochastic Gumbel annealing (`annealing.py`), and the bytes are
those of the file's own Huffman tables (`jpeg/price.py`).

    values --> floor, and floor + 1 --> mixture, random and ever harder --> decoder --> squared error --.
      ^   '--> round --> statistics --> prices --> bits of rounding up --> * share of the mixture ------+--> gradient
      '------------------------------------------------ Adam <------------------------------------------'
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import NamedTuple

import torch
from torch import Tensor

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.images.tiles import Tile, cover, scaled
from hyperthumb.jpeg.clamp import inward_clamp
from hyperthumb.jpeg.file import MAX_AC
from hyperthumb.jpeg.price import Statistics, bits_of, costs_of_rounding_up, prices_of, statistics_of
from hyperthumb.jpeg.quantize import integer_tables, per_plane
from hyperthumb.models.build import computes_bf16
from hyperthumb.models.contract import Analysis, RescalingNetwork

from .annealing import learning_rate, share_of_upper, temperature

_LEARNING_RATE = 0.05  # of a quantization step
_BETAS = (0.9, 0.999)
_DAMPING = 0.1
"""This share of the gradients' root mean square is added to Adam's divisor, so that small gradients move little."""
COARSER = 1.1
"""Tables so much coarser show what the network itself pays in error for bits."""
_SLOPES = 0.3, 3.0
"""Where a picture shows another slope, it is too small or too plain to tell."""
_PATIENCE = 20
"""Steps without a change of any integer after which a window is finished."""
_TILE_PIXELS = 1 << 21
"""HR pixels worked on at a time: what a light decoder's layers keep for their gradients takes 1 to 2 KB each."""
_MARGIN = 5
"""Blocks around a tile that are decoded with it and do not move: light decoders see 37 thumbnail pixels far."""


class _Window(NamedTuple):
    """A part of a photograph that is decoded at once.

    Attributes:
        decode: the decoder.
        target: (1, 3, n, m) the photograph there, in 0..1.
        seen: the dequantized coefficients of all its blocks.
        place: those blocks that move.
        steps: the tables, (1, 3, 1, 1, 8, 8).
    """

    decode: Callable[[Tensor], Tensor]
    target: Tensor
    seen: Tensor
    place: tuple[slice, ...]
    steps: Tensor

    def error(self, moved: Tensor) -> Tensor:
        """The sum of squared errors of what is restored when the moving blocks are these."""
        dequantized = self.seen.clone()
        dequantized[self.place] = moved * self.steps
        with fast(moved.device):
            restored = self.decode(dequantized)[:, :, : self.target.shape[2], : self.target.shape[3]]
        return ((inward_clamp(restored.float(), 0, 1) - self.target) ** 2).sum()


class Weights(NamedTuple):
    """What a unit of squared error and a bit count."""

    error: float
    bit: float

    def cost(self, error: float, bits: float) -> float:
        """What refining lowers."""
        return self.error * error + self.bit * bits


def refine(network: RescalingNetwork, hr: Tensor, analysis: Analysis, rate_scale: float, iterations: int) -> Analysis:
    """An analysis whose integers at `rate_scale` restore better for their bytes.

    The result is never worse than `analysis` in error / error before + slope * bits / bits before, window by window.
    The slope is the network's own: by how many percent the error grows where coarser tables save a percent of the bits.
    Pictures above `_TILE_PIXELS` are refined in windows, each with its neighbors' blocks around it. The same input
    gives the same result on the same device.

    Args:
        network: stays as it is: mode, weights, gradients.
        hr: (1, 3, H, W) RGB, float in 0..1 or uint8 in 0..255: the photograph without padding.
        analysis: of the padded photograph, by this network.
        rate_scale: multiplies the tables. The result is meant for this one; at another, it is quantized twice.
        iterations: steps of descent, 1 or more; each takes a pass through the decoder and back.

    Returns:
        The same steps, and coefficients that are whole multiples of the tables.

    Raises:
        HyperthumbError: for a network that cannot be refined for.
    """
    if iterations < 1:
        raise HyperthumbError(f"refining takes 1 step or more, not {iterations}")
    with torch.inference_mode(False), torch.enable_grad():  # autograd cannot save tensors that are made in that mode
        decode = network.differentiable()
        steps = per_plane(integer_tables(analysis.steps * rate_scale))
        values = analysis.coefficients / steps
        side = 8 * network.scale
        margin = _MARGIN if network.tile_margin is None else math.ceil(network.tile_margin / side)
        tiles = _tiles(values.shape[2], values.shape[3], side, margin)
        whole = torch.round(values)

        def window_of(tile: Tile) -> _Window:
            rows, columns = scaled(tile.seen, side)
            target = hr[:, :, rows, columns]
            target = target.float() / 255 if target.dtype == torch.uint8 else target.float()
            return _Window(decode, target, whole[_place(tile.seen)] * steps, _place(tile.inner), steps)

        def count(whole: Tensor) -> Statistics:
            return reduce(Statistics.plus, (statistics_of(whole[_place(tile.own)]) for tile in tiles))

        counted = count(whole)
        coarse = torch.round(values / COARSER)
        coarser = [coarse[_place(tile.own)] * COARSER for tile in tiles]
        errors = _errors(map(window_of, tiles), coarser, hr.shape[2] * hr.shape[3])
        weights = weigh(errors, (_bits(counted), _bits(count(coarse))))
        for tile in tiles:
            own = _place(tile.own)
            others = counted.minus(statistics_of(whole[own]))
            whole[own] = _anneal(window_of(tile), values[own], others, weights, iterations)
            counted = others.plus(statistics_of(whole[own]))
        return Analysis(whole * steps, analysis.steps)


def _errors(windows: Iterable[_Window], coarser: Iterable[Tensor], pixels: int) -> tuple[float, float]:
    """A photograph's squared error in windows, and the same with coarser coefficients in the blocks that move."""
    plain, coarse, seen = 0.0, 0.0, 0
    with torch.no_grad():
        for window, other in zip(windows, coarser, strict=True):
            plain += float(window.error(window.seen[window.place] / window.steps))
            coarse += float(window.error(other))
            seen += window.target[0, 0].numel()
    return plain * pixels / seen, coarse * pixels / seen


def weigh(errors: Sequence[float], bits: Sequence[float]) -> Weights:
    """The weights of a photograph, from its errors and bits with plain and with coarser tables."""
    low, high = _SLOPES
    error = max(errors[0], 1e-6)  # a picture that is restored without an error has nothing to gain
    saved = max(math.log(bits[0] / bits[1]), 1e-6)
    slope = min(max(math.log(max(errors[1], error) / error) / saved, low), high)
    return Weights(1 / error, slope / bits[0])


def _bits(counted: Statistics) -> float:
    return bits_of(counted, prices_of(counted))


def _anneal(window: _Window, values: Tensor, others: Statistics, weights: Weights, iterations: int) -> Tensor:
    """The integers of the blocks that move, from their unquantized `values`, after so many steps of Adam.

    `others` counts the symbols of all other blocks of the photograph.
    """
    random = torch.Generator(values.device).manual_seed(0)
    values = values.clone()
    start = whole = torch.round(values)
    first, second = torch.zeros_like(values), torch.zeros_like(values)
    still = 0
    for step in range(iterations):
        progress = step / max(iterations - 1, 1)
        prices = prices_of(statistics_of(whole).plus(others))
        low = torch.floor(values)
        costs = costs_of_rounding_up(whole, low, prices)
        uniform = torch.rand(values.shape, generator=random, device=values.device)
        values.requires_grad_()
        share = share_of_upper(values, temperature(progress), uniform)
        loss = weights.error * window.error(low + share) + weights.bit * (costs * share).sum()
        (gradient,) = torch.autograd.grad(loss, values)
        values.detach_()
        first.lerp_(gradient, 1 - _BETAS[0])
        second.lerp_(gradient**2, 1 - _BETAS[1])
        mean, square = first / (1 - _BETAS[0] ** (step + 1)), second / (1 - _BETAS[1] ** (step + 1))
        damped = square.sqrt() + _DAMPING * square.mean().sqrt() + 1e-12
        values -= learning_rate(progress, _LEARNING_RATE) * mean / damped
        values.clamp_(-MAX_AC, MAX_AC)
        before, whole = whole, torch.round(values)
        still = still + 1 if torch.equal(whole, before) else 0
        if still == _PATIENCE:
            break
    return min(start, whole, key=lambda integers: _score(window, integers, others, weights))


def _score(window: _Window, whole: Tensor, others: Statistics, weights: Weights) -> float:
    """Squared error and bits, weighed; the bits of the whole photograph."""
    counted = statistics_of(whole).plus(others)
    with torch.no_grad():
        return weights.cost(float(window.error(whole)), _bits(counted))


def _place(blocks: tuple[slice, slice]) -> tuple[slice, ...]:
    return slice(None), slice(None), *blocks


def fast(device: torch.device) -> torch.autocast:
    """bfloat16 in the decoder where the device is made for it: it takes half the time and is exact enough."""
    return torch.autocast(device.type, torch.bfloat16, enabled=computes_bf16(device))


def _tiles(rows: int, columns: int, side: int, margin: int) -> list[Tile]:
    """Tiles that cover so many blocks of `side` HR pixels each: one where that is small enough."""
    if rows * columns * side**2 <= _TILE_PIXELS:
        return list(cover((rows, columns), None, 0))
    return list(cover((rows, columns), max(math.isqrt(_TILE_PIXELS) // side - 2 * margin, 1), margin))
