"""How large a method is, and how much it computes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from hyperthumb.base.limits import Refinement
from hyperthumb.models.build import device_of
from hyperthumb.models.contract import RescalingNetwork

_SIDE = 256
"""HR pixels; larger than any network's padding, small enough to cost nothing."""

T = TypeVar("T")


class Complexity(NamedTuple):
    """A network's size.

    Attributes:
        parameters: trained numbers, without the rate model, which neither side of a file needs.
        kmacs_encode: thousands of multiply-adds of convolutions and matrix products for each HR pixel, from the
            photograph to the coefficients and their steps.
        kmacs_decode: the same from the coefficients to the photograph.
    """

    parameters: int
    kmacs_encode: float
    kmacs_decode: float


@torch.no_grad()
def measure_complexity(network: RescalingNetwork, refinement: Refinement | None = None) -> Complexity:
    """Counts while one grey picture goes through, so that every way in which a network calls its layers is counted.

    Running it a few rows at a time, or composed, gives the same picture by other sums; these are the network's own.

    Args:
        network: ours or a rival's.
        refinement: steps that count as encoding. Each takes a pass through the decoder and one back to its input, which
            has as many multiply-adds. If it refines the encoder, a step also takes a pass through the encoder and one
            back to its input and weights, twice as many. What both compute once is counted too. Prices and rate models,
            a few numbers for a coefficient, are not counted.
    """
    rate = {id(p) for p in (*network.rate_parameters(), *network.auxiliary_parameters())}
    side = -(-_SIDE // network.multiple) * network.multiple
    hr = torch.full((1, 3, side, side), 0.5, device=device_of(network))
    analysis, encode = _counted(lambda: network.analyze(hr))
    batch = network.quantize(analysis)
    _, decode = _counted(lambda: network.restore(batch.coefficients, batch.tables))
    if refinement and refinement.what == "encoder":
        encode += (3 * refinement.steps + 4) * encode + (2 * refinement.steps + 3) * decode
    elif refinement:
        encode += (2 * refinement.steps + 4) * decode
    return Complexity(
        _size(p for p in network.parameters() if id(p) not in rate), _kmacs(encode, side), _kmacs(decode, side)
    )


@torch.no_grad()
def measure_enlarger(network: nn.Module, scale: int) -> Complexity:
    """The same of a network that only enlarges a thumbnail (B, 3, h, w): nothing is counted before it."""
    small = torch.full((1, 3, _SIDE // scale, _SIDE // scale), 0.5, device=device_of(network))
    _, decode = _counted(lambda: network(small))
    return Complexity(_size(network.parameters()), 0.0, _kmacs(decode))


@torch.no_grad()
def measure_codec(codec: Any) -> Complexity:
    """The same of one of CompressAI's codecs at full size; its entropy coder's arithmetic is not counted."""
    hr = torch.full((1, 3, _SIDE, _SIDE), 0.5, device=device_of(codec))
    coded, encode = _counted(lambda: codec.compress(hr))
    _, decode = _counted(lambda: codec.decompress(coded["strings"], coded["shape"]))
    return Complexity(_size(codec.parameters()), _kmacs(encode), _kmacs(decode))


def _counted(run: Callable[[], T]) -> tuple[T, int]:
    with FlopCounterMode(display=False) as counter:
        result = run()
    return result, counter.get_total_flops()


def _size(parameters: Iterable[nn.Parameter]) -> int:
    return sum(parameter.numel() for parameter in parameters)


def _kmacs(flops: int, side: int = _SIDE) -> float:
    return round(flops / 2 / side**2 / 1000, 3)
