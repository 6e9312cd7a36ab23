"""How large a network is, and how much it computes."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from hyperthumb.codec.photograph import device_of
from hyperthumb.models.contract import RescalingNetwork

_SIDE = 256
"""HR pixels; larger than any network's padding, small enough to cost nothing."""


class Complexity(NamedTuple):
    """A network's size.

    Attributes:
        parameters: how many numbers are trained, without the rate model, which neither side of a file needs.
        kmacs_encode: thousands of multiply-adds of convolutions and matrix products for an HR pixel, from the
            photograph to the coefficients and their steps.
        kmacs_decode: the same from the coefficients to the photograph.
    """

    parameters: int
    kmacs_encode: float
    kmacs_decode: float


@torch.no_grad()
def measure_complexity(network: RescalingNetwork, refine: int = 0) -> Complexity:
    """Counts while one grey picture goes through, so that whatever way a network calls its layers is counted.

    A strip-by-strip or composed run (`tiling`) computes the same picture with other sums; these are the network's own.

    Args:
        network: ours or a rival's.
        refine: steps of `refinement`, which count as encoding. Each takes a pass through the decoder and one back to
            its input, which has as many multiply-adds; at the end it decodes once more. The rate model, a few numbers
            for a coefficient, is not counted.
    """
    rate = {id(p) for p in (*network.rate_parameters(), *network.auxiliary_parameters())}
    parameters = sum(p.numel() for p in network.parameters() if id(p) not in rate)
    side = -(-_SIDE // network.multiple) * network.multiple
    hr = torch.full((1, 3, side, side), 0.5, device=device_of(network))
    with FlopCounterMode(display=False) as counter:
        analysis = network.analyze(hr)
    encode = counter.get_total_flops()
    batch = network.quantize(analysis)
    with FlopCounterMode(display=False) as counter:
        network.restore(batch.coefficients, batch.tables)
    decode = counter.get_total_flops()
    if refine:
        encode += (2 * refine + 1) * decode
    return Complexity(parameters, _kmacs(encode, hr), _kmacs(decode, hr))


@torch.no_grad()
def measure_enlarger(network: nn.Module, scale: int) -> Complexity:
    """The same of a network that only enlarges a thumbnail (B, 3, h, w): before it nothing is counted."""
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    small = torch.full((1, 3, _SIDE // scale, _SIDE // scale), 0.5, device=device)
    with FlopCounterMode(display=False) as counter:
        network(small)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    hr = small.new_empty(1, 3, _SIDE, _SIDE)
    return Complexity(parameters, 0.0, _kmacs(counter.get_total_flops(), hr))


@torch.no_grad()
def measure_codec(codec: Any) -> Complexity:
    """The same of one of CompressAI's codecs at full size; its entropy coder's arithmetic is not counted."""
    hr = torch.full((1, 3, _SIDE, _SIDE), 0.5, device=next(codec.parameters()).device)
    with FlopCounterMode(display=False) as counter:
        coded = codec.compress(hr)
    encode = counter.get_total_flops()
    with FlopCounterMode(display=False) as counter:
        codec.decompress(coded["strings"], coded["shape"])
    decode = counter.get_total_flops()
    parameters = sum(parameter.numel() for parameter in codec.parameters())
    return Complexity(parameters, _kmacs(encode, hr), _kmacs(decode, hr))


def _kmacs(flops: int, hr: Tensor) -> float:
    return round(flops / 2 / (hr.shape[2] * hr.shape[3]) / 1000, 3)
