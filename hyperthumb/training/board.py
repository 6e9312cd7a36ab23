"""Writes scalars, pictures and quantization tables to TensorBoard and, optionally, to Weights & Biases."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hyperthumb.base.errors import OptionsError
from hyperthumb.base.files import writing
from hyperthumb.config import WandbOptions
from hyperthumb.images.pixels import to_picture
from hyperthumb.models.contract import RescalingNetwork


class Board:
    """Writes to TensorBoard and Weights & Biases. Both are imported only if they are used.

    Args:
        folder: the TensorBoard folder; None for no TensorBoard.
        start_iteration: points after this iteration, which a killed run may have left, are hidden.
        wandb: the Weights & Biases project; None for no Weights & Biases.
        name: the run's name.
    """

    def __init__(self, folder: Path | None, start_iteration: int, wandb: WandbOptions | None, name: str) -> None:
        self._folder = folder
        self._writer: Any = None
        self._wandb: Any = None
        if folder is not None:
            from torch.utils.tensorboard import SummaryWriter

            threading.excepthook = _leave_to_the_board
            with writing(folder):
                self._writer = SummaryWriter(str(folder), purge_step=start_iteration + 1)
        if wandb is not None and wandb.project:
            try:
                import wandb as package
            except ImportError as error:
                raise OptionsError("logger.wandb needs the package wandb: pip install wandb") from error
            self._wandb = package.init(
                project=wandb.project, name=name, id=wandb.resume_id, resume="allow" if wandb.resume_id else None
            )

    def __bool__(self) -> bool:
        return self._writer is not None or self._wandb is not None

    def scalars(self, values: Mapping[str, float], iteration: int) -> None:
        with self._writing():
            for name, value in values.items() if self._writer else ():
                self._writer.add_scalar(name, value, iteration)
        if self._wandb:
            self._wandb.log(dict(values), step=iteration)

    def images(self, images: Mapping[str, np.ndarray], iteration: int) -> None:
        """uint8 (H, W, 3) pictures by name."""
        for name, image in images.items():
            if self._writer:
                with self._writing():
                    self._writer.add_image(name, image, iteration, dataformats="HWC")
            if self._wandb:
                import wandb as package

                self._wandb.log({name: package.Image(image)}, step=iteration)

    def tables(self, tables: np.ndarray, iteration: int) -> None:
        """Writes (2, 8, 8) quantization tables as text and as gray pictures, on a log scale from 1 (black) to 255."""
        for name, table in zip(("tables/luma", "tables/chroma"), tables, strict=True):
            brightness = (255 * np.log2(np.clip(table, 1, 255)) / np.log2(255)).round().astype(np.uint8)
            picture = np.kron(brightness, np.ones((16, 16), np.uint8))
            self.images({name: np.repeat(picture[..., None], 3, axis=2)}, iteration)
            if self._writer:
                rows = "\n".join("| " + " | ".join(str(int(v)) for v in row) + " |" for row in table)
                with self._writing():
                    self._writer.add_text(name, "|u=0|1|2|3|4|5|6|7|\n|-|-|-|-|-|-|-|-|\n" + rows, iteration)

    @torch.no_grad()
    def show(self, network: RescalingNetwork, hr: Tensor, iteration: int) -> None:
        """Shows the thumbnail and the restored image of one image (1, 3, H, W) in 0..1, quantized as in a file."""
        was_training = network.training
        output = network.eval()(hr)
        network.train(was_training)
        pictures = {"original": hr, "thumbnail": output.thumbnail, "restored": output.restored}
        self.images({f"images/{name}": to_picture(picture) for name, picture in pictures.items()}, iteration)
        if output.tables is not None:
            self.tables(output.tables[0].round().cpu().numpy(), iteration)

    def flush(self) -> None:
        """Passes all points to the operating system, so that they are kept if this process is killed."""
        if self._writer:
            self._writer.flush()

    def close(self) -> None:
        if self._writer:
            with self._writing():
                self._writer.close()
        if self._wandb:
            self._wandb.finish()

    def _writing(self) -> AbstractContextManager[None]:
        """Turns write errors into messages about the folder. They come late, from TensorBoard's own thread."""
        return writing(self._folder) if self._folder else nullcontext()


_print_thread_error = threading.excepthook


def _leave_to_the_board(error: threading.ExceptHookArgs) -> None:
    """Hides tracebacks of TensorBoard's thread. TensorBoard raises the same error again at the next write."""
    if not type(error.thread).__module__.startswith("tensorboard."):
        _print_thread_error(error)
