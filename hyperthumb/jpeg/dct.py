"""The orthonormal 8x8 DCT-II of whole planes (ITU-T T.81, A.3.3), as one matrix product.

Each block is a vector of 64 values, which is multiplied by the 64x64 Kronecker square of the DCT matrix. One large
product is faster than thousands of 8x8 products. It needs torch's default precision of float32 products, `highest`:
TF32 is too coarse.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hyperthumb.base.constants import constant


def block_dct(planes: Tensor) -> Tensor:
    """The DCT of each 8x8 block.

    Args:
        planes: (..., H, W) float, sides multiples of 8. The caller subtracts the level shift.

    Returns:
        (..., H/8, W/8, 8, 8) coefficients in natural order (v, u); DC is 8 times the block's mean.
    """
    height, width = planes.shape[-2:]
    assert (height % 8, width % 8) == (0, 0), f"{height}x{width} is not made of 8x8 blocks"
    blocks = planes.unflatten(-1, (width // 8, 8)).unflatten(-3, (height // 8, 8)).transpose(-3, -2)
    coefficients = blocks.reshape(-1, 64) @ _transform(planes.device, planes.dtype)
    return coefficients.view(blocks.shape)


def block_idct(coefficients: Tensor) -> Tensor:
    """The inverse of `block_dct`: (..., h, w, 8, 8) to (..., 8h, 8w)."""
    transform = _transform(coefficients.device, coefficients.dtype)
    blocks = (coefficients.reshape(-1, 64) @ transform.T).view(coefficients.shape)
    return blocks.transpose(-3, -2).flatten(-4, -3).flatten(-2, -1)


@constant
def _transform() -> Tensor:
    """(64, 64): column v * 8 + u is the basis image of frequency (v, u)."""
    basis = torch.tensor(
        [
            [math.sqrt((1 if k == 0 else 2) / 8) * math.cos((2 * x + 1) * k * math.pi / 16) for x in range(8)]
            for k in range(8)
        ],
        dtype=torch.float64,
    )
    return torch.kron(basis, basis).T.contiguous()
