"""The contract between the codec and whatever runs a model: NumPy arrays in, NumPy arrays out, and no PyTorch.

    picture -> analyze -> Analysis -> quantize at a rate scale -> Quantized -> (a file) -> restore -> picture

PyTorch is one engine (`torch_engine`), exported graphs in ONNX Runtime or OpenVINO are others (`exported_engine`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from hyperthumb.base.limits import EngineName, Precision

if TYPE_CHECKING:
    from .torch_engine import TorchEngine


class Analysis(NamedTuple):
    """A photograph on its way into a file, before anything is rounded.

    Attributes:
        coefficients: (3, h/8, w/8, 8, 8) float32 DCT coefficients of the thumbnail, natural order (v, u).
        steps: (2, 8, 8) float32, positive: continuous quantization steps, for Y and for both chroma planes.
    """

    coefficients: np.ndarray
    steps: np.ndarray


class Quantized(NamedTuple):
    """The content of a file.

    Attributes:
        coefficients: (3, h/8, w/8, 8, 8) int16, quantized, natural order.
        tables: (2, 8, 8) int16 in 1..255.
        estimated_bits: the rate model's estimate, or None without a rate model.
    """

    coefficients: np.ndarray
    tables: np.ndarray
    estimated_bits: float | None


class Model(Protocol):
    """What is known of a model without its weights: its name for people, its scale, and the id in its files."""

    @property
    def name(self) -> str: ...
    @property
    def scale(self) -> int: ...
    @property
    def model_id(self) -> bytes: ...


class Engine(Protocol):
    """A model, ready to run. Several threads may share one.

    Attributes:
        name: of the engine.
        scale: 1, 2, 4 or 8.
        multiple: both sides of a photograph that is analyzed are multiples of this.
    """

    name: EngineName
    scale: int
    multiple: int

    @property
    def reach(self) -> int:
        """Blocks around each block that influence what `restore` makes of it; -1 where all of them may."""

    def analyze(self, picture: np.ndarray, tile: int | None = None) -> Analysis:
        """Runs the encoder and chooses the steps.

        Args:
            picture: uint8 (H, W, 3), both sides multiples of `multiple`.
            tile: HR rows worked on at a time; None chooses.

        Raises:
            HyperthumbError: for a tile without rows.
        """

    def quantize(self, analysis: Analysis, rate_scale: float = 1.0) -> Quantized:
        """The integers of a file. `rate_scale` multiplies the tables: above 1, smaller files."""

    def restore(
        self,
        coefficients: np.ndarray,
        tables: np.ndarray,
        size: tuple[int, int],
        tile: int | None = None,
        precision: Precision = "fp32",
    ) -> np.ndarray:
        """The photograph, uint8 (height, width, 3), from the integers of a file.

        Args:
            coefficients: (3, h/8, w/8, 8, 8) integers.
            tables: (2, 8, 8) integers.
            size: the photograph's height and width; what is made beyond them is cut off.
            tile: HR rows worked on at a time; None chooses.
            precision: of the arithmetic.

        Raises:
            HyperthumbError: for a tile without rows, or a precision that this engine does not have.
        """

    def in_torch(self) -> TorchEngine:
        """The same model in PyTorch, which alone has gradients and bfloat16.

        Raises:
            HyperthumbError: when PyTorch is not installed.
        """

    def share_cores(self, jobs: int) -> None:
        """Leaves cores to the other files that are worked on at the same time."""
