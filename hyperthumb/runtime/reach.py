"""Finds the receptive field of a graph: NaN is put into one block of the input and traced in the output."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

WHOLE = -1
"""The reach of a graph whose receptive field is the whole picture."""

_LONGEST = 24


@torch.no_grad()
def decoder_reach(decoder: nn.Module, scale: int) -> int:
    """The radius in blocks of a decoder's receptive field; `WHOLE` if it is the whole picture.

    NaN passes through convolutions, additions and activations with any weights, so the result does not depend on them.

    Args:
        decoder: maps coefficients (1, 192, h, w) to the restored picture (1, 3, 8hs, 8ws), or to a tuple whose first
            entry is that picture.
        scale: scale of the network.
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
    """The radius in blocks of the receptive field of an encoder; `WHOLE` if it is the whole picture.

    Args:
        encoder: maps the picture (1, H, W, 3) to coefficients (1, 192, H/8s, W/8s). The picture is float here, because
            uint8 cannot hold NaN.
        scale: scale of the network.
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
    """The number of blocks that NaN has spread from the center block of planes (C, h, w)."""
    touched = planes.isnan().any(0)
    rows, columns = touched.any(1).nonzero().flatten() // block, touched.any(0).nonzero().flatten() // block
    places = torch.cat([rows, columns])
    return int((places - center).abs().max()) if len(places) else 0
