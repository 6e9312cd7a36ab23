"""Better coefficients for the decoder that there is: gradient descent on one photograph's thumbnail.

The encoder sees a photograph once and has to be right for all. Here the decoder's weights stay as they are and the
quantized coefficients move, so that the restored picture comes nearer to the photograph and the rate model's estimate
stays where it was. Files and whoever restores them know nothing of it. Known from learned compression as content
adaptive optimization, or latent refinement (Campos et al., 2019; Yang et al., 2020).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from hyperthumb.archs.hyperthumbnail import HyperThumbnail
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.jpeg.clamp import inward_clamp
from hyperthumb.jpeg.file import MAX_AC
from hyperthumb.jpeg.quantize import integer_tables, per_plane, straight_through
from hyperthumb.models.contract import Analysis, RescalingNetwork

_LEARNING_RATE, _LAST_SHARE = 0.1, 0.02  # of a quantization step; falls along half a cosine
_BETAS = (0.9, 0.99)
_RATE_PULL = 0.2
_WINDOW_PIXELS = 1 << 21
"""HR pixels worked on at a time: what a light decoder's layers keep for their gradients takes 1 to 2 KB each."""
_MARGIN = 5
"""Blocks around a window that are decoded with it and stay: light decoders see 37 thumbnail pixels far."""


class _Window(NamedTuple):
    """Blocks to be refined, and where they lie in what is decoded with them.

    Attributes:
        seen: rows and columns of blocks that are decoded.
        moved: rows and columns, of those seen, that are refined.
    """

    seen: tuple[slice, slice]
    moved: tuple[slice, slice]


def refine(
    network: RescalingNetwork,
    hr: Tensor,
    analysis: Analysis,
    rate_scale: float,
    iterations: int,
    rate: nn.Module | None = None,
) -> Analysis:
    """An analysis whose integers at `rate_scale` restore better, at about the same estimated bits.

    The result is never worse than `analysis` in mse / mse before + bits / bits before, window by window: the best of
    all steps is kept, the start among them. Pictures above `_WINDOW_PIXELS` are refined window by window, each with its
    neighbours' blocks around it. The same input gives the same result, on one device.

    Args:
        network: stays as it is: mode, weights, gradients.
        hr: (1, 3, H, W) RGB, float in 0..1 or uint8 in 0..255: the photograph without padding.
        analysis: of the padded photograph, by this network.
        rate_scale: multiplies the tables. The result is meant for this one; at another, it is quantized twice.
        iterations: steps of descent, 1 or more; each takes a pass through the decoder and back.
        rate: the rate model; None takes the network's own.

    Returns:
        The same steps, and coefficients that are whole multiples of the tables.

    Raises:
        HyperthumbError: for a network without a decoder or without a rate model.
    """
    if not isinstance(network, HyperThumbnail):
        raise HyperthumbError(f"refining takes a HyperThumbnail, which {type(network).__name__} is not")
    if network.decoder is None:
        raise HyperthumbError("at scale 1 there is nothing to refine: no decoder restores the picture")
    rate = rate if rate is not None else network.rate
    if rate is None:
        raise HyperthumbError("refining takes a rate model, to stay at the same bits, and this network has none")
    if iterations < 1:
        raise HyperthumbError(f"refining takes 1 step or more, not {iterations}")
    with torch.inference_mode(False), torch.enable_grad():
        # A copy, because its layout changes: other threads may be using the original. It is made outside inference
        # mode, because autograd cannot save tensors that were made inside.
        decoder = copy.deepcopy(network).requires_grad_(False)
        decoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # it is missing from torch's stubs
        steps = per_plane(integer_tables(analysis.steps * rate_scale))
        values = analysis.coefficients / steps
        side = 8 * network.scale
        for (rows, columns), moved in _windows(values.shape[2], values.shape[3], side):
            photograph = hr[:, :, rows.start * side : rows.stop * side, columns.start * side : columns.stop * side]
            seen = values[:, :, rows, columns]
            seen[:, :, moved[0], moved[1]] = _descend(decoder, rate, photograph, seen, moved, steps, iterations)
        return Analysis(torch.round(values) * steps, analysis.steps)


def _descend(
    network: HyperThumbnail,
    rate: nn.Module,
    hr: Tensor,
    seen: Tensor,
    moved: tuple[slice, slice],
    steps: Tensor,
    iterations: int,
) -> Tensor:
    """The integers of the blocks `moved` among those `seen`, after so many steps of Adam."""
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
            restored = network.decode(dequantized).restored[:, :, : target.shape[2], : target.shape[3]]
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
    """bfloat16 in the decoder where the device is made for it; half the time, and the descent does not notice."""
    ready = device.type == "cuda" or (device.type == "cpu" and torch.cpu._is_avx512_bf16_supported())
    return torch.autocast(device.type, torch.bfloat16, enabled=ready)


def _windows(rows: int, columns: int, side: int) -> Iterator[_Window]:
    """Windows that cover so many blocks of `side` HR pixels each: one where that is small enough."""
    if rows * columns * side**2 <= _WINDOW_PIXELS:
        both = slice(0, rows), slice(0, columns)
        yield _Window(both, both)
        return
    most = max(math.isqrt(_WINDOW_PIXELS) // side - 2 * _MARGIN, 1)
    for row in _parts(rows, most):
        for column in _parts(columns, most):
            seen, moved = zip(_with_margin(row, rows), _with_margin(column, columns), strict=True)
            yield _Window((seen[0], seen[1]), (moved[0], moved[1]))


def _parts(count: int, most: int) -> Iterator[slice]:
    """0..count in parts of about equal length, none longer than `most`."""
    parts = math.ceil(count / most)
    edges = [count * part // parts for part in range(parts + 1)]
    return (slice(start, stop) for start, stop in pairwise(edges))


def _with_margin(part: slice, count: int) -> tuple[slice, slice]:
    start, stop = max(part.start - _MARGIN, 0), min(part.stop + _MARGIN, count)
    return slice(start, stop), slice(part.start - start, part.stop - start)
