"""How far a graph sees: found by putting NaN into one place and looking where it comes out."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

WHOLE = -1
"""The reach of a graph that looks at the whole picture."""

_LONGEST = 24


@torch.no_grad()
def decoder_reach(decoder: nn.Module, scale: int) -> int:
    """Blocks around each block that influence what the decoder makes of it; `WHOLE` where all of them do.

    NaN survives convolutions, additions and activations, whatever the weights are, so no weight has to be looked at.

    Args:
        decoder: coefficients (1, 192, h, w) to the restored picture (1, 3, 8hs, 8ws), or a tuple that begins with it.
        scale: of the network.
    """
    for reach in (4, 12, _LONGEST):
        side = 2 * reach + 1
        coefficients = torch.zeros(1, 192, side, side)
        coefficients[:, :, reach, reach] = math.nan
        restored = decoder(coefficients)
        found = _extent((restored[0] if isinstance(restored, tuple) else restored)[0], 8 * scale, reach)
        if found < reach:
            return found
    return WHOLE


@torch.no_grad()
def encoder_reach(encoder: nn.Module, scale: int) -> int:
    """The same for an encoder's graph: picture (1, H, W, 3) to coefficients (1, 192, H/8s, W/8s).

    NaN needs a float picture, which the graph takes as it takes uint8.
    """
    block = 8 * scale
    for reach in (4, 12, _LONGEST):
        side = (2 * reach + 1) * block
        picture = torch.zeros(1, side, side, 3)
        center = slice(reach * block, (reach + 1) * block)
        picture[:, center, center] = math.nan
        found = _extent(encoder(picture)[0], 1, reach)
        if found < reach:
            return found
    return WHOLE


def _extent(planes: Tensor, block: int, center: int) -> int:
    """How many blocks NaN has spread from the center of planes (C, h, w)."""
    touched = planes.isnan().any(0)
    rows, columns = touched.any(1).nonzero().flatten() // block, touched.any(0).nonzero().flatten() // block
    places = torch.cat([rows, columns])
    return int((places - center).abs().max()) if len(places) else 0
