"""What TensorBoard shows of a network at work: an image, its thumbnail, the restored image, the two tables."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from hyperthumb.images.pixels import to_picture
from hyperthumb.models.contract import RescalingNetwork

from .logging import Board


class Snapshot(NamedTuple):
    """uint8 pictures (H, W, 3) and, of a network that has them, (2, 8, 8) tables."""

    original: np.ndarray
    thumbnail: np.ndarray
    restored: np.ndarray
    tables: np.ndarray | None

    @classmethod
    @torch.no_grad()
    def take(cls, network: RescalingNetwork, hr: Tensor, device: torch.device) -> Snapshot:
        """Runs the first image of a batch, (B, 3, H, W) uint8, through a network, quantized as in the file."""
        image = hr[:1].to(device).float() / 255
        was_training = network.training
        output = network.eval()(image)
        network.train(was_training)
        tables = None if output.tables is None else output.tables[0].round().cpu().numpy()
        return cls(to_picture(image), to_picture(output.thumbnail), to_picture(output.restored), tables)

    def show(self, board: Board, iteration: int) -> None:
        pictures = {"original": self.original, "thumbnail": self.thumbnail, "restored": self.restored}
        board.images({f"images/{name}": picture for name, picture in pictures.items()}, iteration)
        if self.tables is not None:
            board.tables(self.tables, iteration)
