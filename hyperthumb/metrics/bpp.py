"""The rate of a thumbnail file."""

from __future__ import annotations

from hyperthumb.base.errors import HyperthumbError


def bits_per_pixel(num_bytes: int, height: int, width: int) -> float:
    """8 * bytes of the .jpg on disk / (H * W) of the HR image.

    Args:
        num_bytes: size of the whole file, headers and markers included.
        height: H of the HR image as the user gave it, before any padding.
        width: W of the same.

    Returns:
        Bits per HR pixel.

    Raises:
        HyperthumbError: for a size that is not positive, or a negative number of bytes.
    """
    if height <= 0 or width <= 0 or num_bytes < 0:
        raise HyperthumbError(f"bits per pixel cannot be computed from {num_bytes} bytes and {width}x{height} pixels")
    return 8 * num_bytes / (height * width)
