"""Better coefficients for the decoder: gradient descent on one photograph's thumbnail.

The encoder sees a photograph once and has to suit all. Here the decoder's weights stay as they are and the quantized
coefficients move, so that the restored picture comes nearer to the photograph while the rate model's estimate stays
where it was. The files are ordinary, and restoring them takes nothing more. Learned compression knows this as content
adaptive optimization, or latent refinement (Campos et al., 2019; Yang et al., 2020).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.images.tiles import Tile, cover, scaled
from hyperthumb.jpeg.clamp import inward_clamp
from hyperthumb.jpeg.file import MAX_AC
from hyperthumb.jpeg.quantize import integer_tables, per_plane, straight_through
from hyperthumb.models.contract import Analysis, Differentiable, RescalingNetwork

_LEARNING_RATE, _LAST_SHARE = 0.1, 0.02  # of a quantization step; falls along half a cosine
_BETAS = (0.9, 0.99)
_RATE_PULL = 0.2
_TILE_PIXELS = 1 << 21
"""HR pixels worked on at a time: what a light decoder's layers keep for their gradients takes 1 to 2 KB each."""
_MARGIN = 5
"""Blocks around a tile that are decoded with it and do not move: light decoders see 37 thumbnail pixels far."""


def refine(
    network: RescalingNetwork,
    hr: Tensor,
    analysis: Analysis,
    rate_scale: float,
    iterations: int,
    rate: Callable[[Tensor], Tensor] | None = None,
) -> Analysis:
    """An analysis whose integers at `rate_scale` restore better, at about the same estimated bits.

    The result is never worse than `analysis` in mse / mse before + bits / bits before, tile by tile: the best of all
    steps is kept, the start among them. Pictures above `_TILE_PIXELS` are refined tile by tile, each with its
    neighbors' blocks around it. The same input gives the same result on the same device.

    Args:
        network: stays as it is: mode, weights, gradients.
        hr: (1, 3, H, W) RGB, float in 0..1 or uint8 in 0..255: the photograph without padding.
        analysis: of the padded photograph, by this network.
        rate_scale: multiplies the tables. The result is meant for this one; at another, it is quantized twice.
        iterations: steps of descent, 1 or more; each takes a pass through the decoder and back.
        rate: the rate model; None takes the network's.

    Returns:
        The same steps, and coefficients that are whole multiples of the tables.

    Raises:
        HyperthumbError: for a network that cannot be refined for, or has no rate model.
    """
    if iterations < 1:
        raise HyperthumbError(f"refining takes 1 step or more, not {iterations}")
    with torch.inference_mode(False), torch.enable_grad():  # autograd cannot save tensors that are made in that mode
        parts = network.differentiable()
        rate = rate or parts.rate
        if rate is None:
            raise HyperthumbError("refining takes a rate model, to stay at the same bits, and this network has none")
        parts = Differentiable(parts.decode, rate)
        steps = per_plane(integer_tables(analysis.steps * rate_scale))
        values = analysis.coefficients / steps
        side = 8 * network.scale
        margin = _MARGIN if network.tile_margin is None else math.ceil(network.tile_margin / side)
        for tile in _tiles(values.shape[2], values.shape[3], side, margin):
            rows, columns = scaled(tile.seen, side)
            photograph = hr[:, :, rows, columns]
            seen = values[:, :, tile.seen[0], tile.seen[1]]
            seen[:, :, tile.inner[0], tile.inner[1]] = _descend(parts, photograph, seen, tile.inner, steps, iterations)
        return Analysis(torch.round(values) * steps, analysis.steps)


def _descend(
    parts: Differentiable,
    hr: Tensor,
    seen: Tensor,
    moved: tuple[slice, slice],
    steps: Tensor,
    iterations: int,
) -> Tensor:
    """The integers of the blocks `moved` among those `seen`, after so many steps of Adam."""
    decode, rate = parts
    assert rate is not None
    target = hr.float() / 255 if hr.dtype == torch.uint8 else hr.float()
    around = torch.round(seen) * steps
    place = (slice(None), slice(None), *moved)
    values = seen[place].clone().requires_grad_()
    first, second = torch.zeros_like(values), torch.zeros_like(values)
    mse_before = bits_before = best_score = 0.0
    best = torch.round(values.detach())
    price = 1.0
    for step in range(iterations + 1):
        whole = straight_through(values)
        dequantized = around.clone()
        dequantized[place] = whole * steps
        with _fast(values.device):
            restored = decode(dequantized)[:, :, : target.shape[2], : target.shape[3]]
        mse = ((inward_clamp(restored.float(), 0, 1) - target) ** 2).mean()
        with torch.no_grad():
            file_bits = float(rate(whole).sum())
        if step == 0:
            # A picture that is restored without an error has nothing to gain, but divides.
            mse_before, bits_before = max(float(mse.detach()), 1e-12), file_bits
        score = float(mse.detach()) / mse_before + file_bits / bits_before
        if step == 0 or score < best_score:
            best, best_score = whole.detach(), score
        if step == iterations:
            break
        # Between integers the estimate has slopes to follow; what is held is that of the integers.
        price *= math.exp(_RATE_PULL * (file_bits / bits_before - 1))
        loss = mse / mse_before + price * rate(values).sum() / bits_before
        (gradient,) = torch.autograd.grad(loss, values)
        with torch.no_grad():
            first.lerp_(gradient, 1 - _BETAS[0])
            second.lerp_(gradient**2, 1 - _BETAS[1])
            speed = _LEARNING_RATE * (0.5 + 0.5 * math.cos(math.pi * step / iterations) + _LAST_SHARE)
            mean, square = first / (1 - _BETAS[0] ** (step + 1)), second / (1 - _BETAS[1] ** (step + 1))
            values -= speed * mean / (square.sqrt() + 1e-8)
            values.clamp_(-MAX_AC, MAX_AC)
    return best


def _fast(device: torch.device) -> torch.autocast:
    """bfloat16 in the decoder where the device is made for it: it takes half the time and is exact enough."""
    ready = device.type == "cuda" or (device.type == "cpu" and torch.cpu._is_avx512_bf16_supported())
    return torch.autocast(device.type, torch.bfloat16, enabled=ready)


def _tiles(rows: int, columns: int, side: int, margin: int) -> Iterator[Tile]:
    """Tiles that cover so many blocks of `side` HR pixels each: one where that is small enough."""
    if rows * columns * side**2 <= _TILE_PIXELS:
        return cover((rows, columns), None, 0)
    return cover((rows, columns), max(math.isqrt(_TILE_PIXELS) // side - 2 * margin, 1), margin)
