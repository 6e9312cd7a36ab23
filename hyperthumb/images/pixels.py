"""Converts between 8-bit pictures, for files and metrics, and tensors, for networks and filters."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def to_tensor(picture: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
    """Copies a uint8 picture (H, W, 3) to a float32 tensor (1, 3, H, W) in 0..1."""
    return torch.tensor(picture, device=device).permute(2, 0, 1).unsqueeze(0).float() / 255


def to_picture(image: Tensor) -> np.ndarray:
    """The first image of (B, 3, H, W), clamped to 0..1 and rounded to uint8 (H, W, 3), contiguous."""
    levels = image[0].float().clamp(0, 1).mul(255).round().byte()
    return levels.permute(1, 2, 0).contiguous().cpu().numpy()


def full_precision(image: Tensor) -> Tensor:
    """Converts to float32; keeps float64. In bfloat16, numbers near white are a whole level of 256 apart."""
    return image if image.dtype == torch.float64 else image.float()
