"""A trained network as a `Rescaler`: pads, runs, rounds, crops."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from hyperthumb.baselines import Rescaler
from hyperthumb.errors import ThumbnailError
from hyperthumb.jpeg.file import JpegThumbnail, read_jpeg, write_jpeg
from hyperthumb.rescaling import RescalingNetwork


@dataclass(frozen=True)
class NetworkThumbnail:
    """A thumbnail's coefficients, and the rate model's guess at their bits (None for one that was read from a file)."""

    jpeg: JpegThumbnail
    estimated_bits: float | None = None


class NetworkRescaler(Rescaler[NetworkThumbnail]):
    """Measures a network by the files it makes.

    Args:
        network: in eval mode from here on.
        name: the row's name.
        huffman: Huffman tables made for each file, or the standard's own.
        rate_scale: multiplies the tables; above 1, smaller files.
    """

    def __init__(
        self,
        network: RescalingNetwork,
        name: str = "HyperThumbnail",
        huffman: Literal["optimized", "default"] = "optimized",
        rate_scale: float = 1.0,
    ) -> None:
        self.network = network
        self.name = name
        self.scale = network.scale
        self.huffman = huffman
        self.rate_scale = rate_scale

    @property
    def device(self) -> torch.device:
        return next(self.network.parameters()).device

    @torch.inference_mode()
    def downscale(self, image: np.ndarray) -> NetworkThumbnail:
        height, width = image.shape[:2]
        hr = torch.tensor(image, device=self.device).permute(2, 0, 1).unsqueeze(0).float() / 255
        batch = self.network.eval().compress(pad_to_multiple(hr, self.network.multiple), self.rate_scale)
        jpeg = JpegThumbnail(
            coefficients=batch.coefficients[0].cpu().numpy(),
            tables=batch.tables[0].cpu().numpy(),
            height=math.ceil(height / self.scale),
            width=math.ceil(width / self.scale),
            hr_height=height,
            hr_width=width,
            scale=self.scale,
        )
        return NetworkThumbnail(jpeg, None if batch.bits is None else float(batch.bits[0]))

    def write(self, thumbnail: NetworkThumbnail) -> bytes:
        return write_jpeg(thumbnail.jpeg, huffman=self.huffman)

    def read(self, data: bytes) -> NetworkThumbnail:
        return NetworkThumbnail(read_jpeg(data))

    @torch.inference_mode()
    def upscale(self, thumbnail: NetworkThumbnail, height: int, width: int) -> np.ndarray:
        jpeg = thumbnail.jpeg
        if (jpeg.hr_height, jpeg.hr_width) != (height, width):
            raise ThumbnailError(
                f"the file says that the photograph is {jpeg.hr_width}x{jpeg.hr_height}, not {width}x{height}"
            )
        coefficients = torch.from_numpy(jpeg.coefficients).unsqueeze(0).to(self.device)
        tables = torch.from_numpy(np.asarray(jpeg.tables)).unsqueeze(0).to(self.device)
        restored = self.network.eval().restore(coefficients, tables)
        return to_uint8(restored)[:height, :width]

    def rate_estimate(self, thumbnail: NetworkThumbnail) -> float | None:
        return thumbnail.estimated_bits


def pad_to_multiple(image: Tensor, multiple: int) -> Tensor:
    """Repeats the last row and column of (B, C, H, W) until both sides are multiples."""
    height, width = image.shape[-2:]
    padding = (0, -width % multiple, 0, -height % multiple)
    return F.pad(image, padding, mode="replicate") if any(padding) else image


def to_uint8(image: Tensor) -> np.ndarray:
    """(1, 3, H, W) RGB in 0..1 to a uint8 array (H, W, 3)."""
    return image[0].clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).contiguous().cpu().numpy()
