"""Between 8-bit pictures, as files and metrics have them, and tensors, as networks and filters do."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def to_tensor(picture: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
    """A uint8 picture (H, W, 3) as a float32 tensor (1, 3, H, W) in 0..1, with memory of its own."""
    return torch.tensor(picture, device=device).permute(2, 0, 1).unsqueeze(0).float() / 255


def to_picture(image: Tensor) -> np.ndarray:
    """The first image of (B, 3, H, W), clamped to 0..1 and rounded to uint8 (H, W, 3), contiguous."""
    levels = image[0].float().clamp(0, 1).mul(255).round().byte()
    return levels.permute(1, 2, 0).contiguous().cpu().numpy()


def full_precision(image: Tensor) -> Tensor:
    """The image in float32, or in float64 where it is that: bfloat16 has steps of a whole level of 256 near white."""
    return image if image.dtype == torch.float64 else image.float()


def pad_to_multiple(image: np.ndarray, multiple: int) -> np.ndarray:
    """(H, W, 3) with its last row and column repeated until both sides are multiples; a copy, if it takes one.

    It takes one as well where torch could not look at the array: when it cannot be written, or is not contiguous.
    """
    height, width = image.shape[:2]
    if height % multiple == width % multiple == 0:
        return np.require(image, requirements=["C", "W"])
    return np.pad(image, ((0, -height % multiple), (0, -width % multiple), (0, 0)), mode="edge")
