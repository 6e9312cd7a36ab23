"""The rate term of the objective."""

from __future__ import annotations

from torch import Tensor


def bits_per_pixel_loss(bits: Tensor, height: int, width: int) -> Tensor:
    """L_bpp of the paper: estimated bits per pixel of the HR image, averaged over the batch.

    Args:
        bits: (B,) estimated bits of each image's coefficients, -log2 p summed over Y, Cb and Cr.
        height: H of the HR images, not the thumbnail's.
        width: W of the HR images.

    Returns:
        A scalar in bits per HR pixel, float32 or wider.
    """
    assert bits.ndim == 1, f"expected one number per image, got {tuple(bits.shape)}"
    assert height * width > 0
    bits = bits if bits.dtype.itemsize >= 4 else bits.float()
    return bits.mean() / (height * width)
