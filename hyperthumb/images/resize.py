"""Antialiased bicubic resizing by whole factors, compatible with MATLAB's `imresize`.

The downscale is the reference for thumbnails in training and measurement (`y_ref`), so its kernel matters: without
antialiasing, 1.5 dB are lost. The kernel is Keys' cubic convolution with a = -0.5, stretched by the factor for
downscaling. Edges are mirrored with the edge pixel repeated, as in MATLAB.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor

from hyperthumb.base.constants import constant


def bicubic_downscale(image: Tensor, scale: int) -> Tensor:
    """Shrinks by a whole factor with antialiasing.

    Args:
        image: (B, C, H, W) float, any range. Sides need not be multiples of `scale`.
        scale: the factor, 1 or more.

    Returns:
        (B, C, ceil(H / scale), ceil(W / scale)); overshoots are not clamped.
    """
    if scale == 1:
        return image
    weights = _downscale_weights(image.device, image.dtype, scale)
    with _full_precision(image):
        for axis in (2, 3):
            image = _stride_filter(image, weights, scale, axis)
    return image


def bicubic_upscale(image: Tensor, scale: int) -> Tensor:
    """Enlarges by a whole factor.

    Args:
        image: (B, C, h, w) float, any range.
        scale: the factor, 1 or more.

    Returns:
        (B, C, h * scale, w * scale); overshoots are not clamped.
    """
    return F.pixel_shuffle(bicubic_phases(image, scale), scale)


def bicubic_phases(image: Tensor, scale: int) -> Tensor:
    """Computes the values of `bicubic_upscale` in the order before its pixel shuffle.

    Args:
        image: (B, C, h, w) float, any range.
        scale: the factor, 1 or more.

    Returns:
        (B, C * scale^2, h, w); overshoots are not clamped.
    """
    if scale == 1:
        return image
    channels = image.shape[1]
    kernel = _upscale_kernel(image.device, image.dtype, scale).repeat(channels, 1, 1, 1)
    with _full_precision(image):
        padded = _mirror(_mirror(image, 2, 2, 2), 2, 2, 3)
        return F.conv2d(padded, kernel, groups=channels)


@contextmanager
def _full_precision(image: Tensor) -> Iterator[None]:
    """Disables autocast (bf16 numbers near white are a whole level of 256 apart) and TF32, the default of cuDNN."""
    with torch.autocast(image.device.type, enabled=False), torch.backends.cudnn.flags(allow_tf32=False):
        yield


def _cubic(x: float) -> float:
    """Keys' kernel (1981, eq. 15) with a = -0.5; support -2..2."""
    x = abs(x)
    if x <= 1:
        return (1.5 * x - 2.5) * x * x + 1
    if x < 2:
        return ((-0.5 * x + 2.5) * x - 4) * x + 2
    return 0.0


@constant
def _downscale_weights(scale: int) -> Tensor:
    """(taps,) weights, the same for every output; the center of output i is at scale * i + (scale - 1) / 2."""
    center = (scale - 1) / 2
    first = _first_tap(scale)
    taps = [_cubic((first + k - center) / scale) for k in range(math.floor(center + 2 * scale) - first + 1)]
    weights = torch.tensor(taps, dtype=torch.float64)
    return weights / weights.sum()


def _first_tap(scale: int) -> int:
    return math.ceil((scale - 1) / 2 - 2 * scale)


@constant
def _upscale_kernel(scale: int) -> Tensor:
    """(scale^2, 1, 5, 5): phase p of input i is at i + (p + 0.5) / scale - 0.5 and uses inputs i-2 .. i+2."""
    rows = []
    for phase in range(scale):
        position = (phase + 0.5) / scale - 0.5
        row = torch.tensor([_cubic(position - k) for k in range(-2, 3)], dtype=torch.float64)
        rows.append(row / row.sum())
    phases = torch.stack(rows)
    return torch.einsum("py,qx->pqyx", phases, phases).reshape(scale * scale, 1, 5, 5)


def _mirror(image: Tensor, before: int, after: int, axis: int) -> Tensor:
    """Pads one axis by mirroring with the edge repeated (... 2 1 0 0 1 2 ...), even by more than its length.

    It uses only slices and a concatenation, so that an exported network accepts pictures of any size.
    """
    size = image.shape[axis]
    if max(before, after) > size:
        mirrored = torch.cat([image.flip(axis), image, image.flip(axis)], axis)
        return _mirror(mirrored, before - size, after - size, axis)
    parts = [_slice(image, axis, max(-before, 0), min(size + after, size))] if min(before, after) < 0 else [image]
    if before > 0:
        parts.insert(0, _slice(image, axis, 0, before).flip(axis))
    if after > 0:
        parts.append(_slice(image, axis, -after, None).flip(axis))
    return torch.cat(parts, axis)


def _slice(image: Tensor, axis: int, start: int, stop: int | None) -> Tensor:
    index = [slice(None)] * image.dim()
    index[axis] = slice(start, stop)
    return image[tuple(index)]


def _stride_filter(image: Tensor, weights: Tensor, scale: int, axis: int) -> Tensor:
    before = -_first_tap(scale)
    # The distance from the image's end to the end of the last window. It is a constant if `scale` divides the side.
    after = len(weights) - before - scale + -image.shape[axis] % scale
    padded = _mirror(image, before, after, axis)
    kernel_shape = (1, 1, -1, 1) if axis == 2 else (1, 1, 1, -1)
    stride = (scale, 1) if axis == 2 else (1, scale)
    planes = padded.flatten(0, 1).unsqueeze(1)
    return F.conv2d(planes, weights.view(kernel_shape), stride=stride).squeeze(1).unflatten(0, image.shape[:2])
