"""The contract between the codec and the engines that run a model. It uses NumPy arrays, so it does not need PyTorch.

    picture -> analyze -> Analysis -> quantize at a rate scale -> Quantized -> (a file) -> restore -> picture

PyTorch is one engine (`torch_engine`). ONNX Runtime and OpenVINO run exported graphs (`exported_engine`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from hyperthumb.base.limits import EngineName, Precision

if TYPE_CHECKING:
    from .torch_engine import TorchEngine


class Analysis(NamedTuple):
    """The unrounded content of a file.

    Attributes:
        coefficients: (3, h/8, w/8, 8, 8) float32 DCT coefficients of the thumbnail, in natural order (v, u).
        steps: (2, 8, 8) float32 continuous, positive quantization steps, for Y and for both chroma planes.
    """

    coefficients: np.ndarray
    steps: np.ndarray


class Quantized(NamedTuple):
    """The content of a file.

    Attributes:
        coefficients: (3, h/8, w/8, 8, 8) int16 quantized coefficients, in natural order.
        tables: (2, 8, 8) int16 in 1..255.
        estimated_bits: the rate model's estimate; None without a rate model.
    """

    coefficients: np.ndarray
    tables: np.ndarray
    estimated_bits: float | None


class Model(Protocol):
    """A model's name, its scale, and the id that its thumbnails hold."""

    @property
    def name(self) -> str: ...
    @property
    def scale(self) -> int: ...
    @property
    def model_id(self) -> bytes: ...


class Engine(Protocol):
    """Runs a model. Several threads may share an engine.

    Attributes:
        name: the engine's name.
        scale: 1, 2, 4 or 8.
        multiple: both sides of an analyzed photograph must be multiples of this.
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
            tile: the number of HR rows to process at a time; None chooses.

        Raises:
            HyperthumbError: if `tile` is below 1.
        """

    def quantize(self, analysis: Analysis, rate_scale: float = 1.0) -> Quantized:
        """Rounds to the integers of a file. `rate_scale` multiplies the tables; above 1 it makes files smaller."""

    def restore(
        self,
        coefficients: np.ndarray,
        tables: np.ndarray,
        size: tuple[int, int],
        tile: int | None = None,
        precision: Precision = "fp32",
    ) -> np.ndarray:
        """Restores the photograph, uint8 (height, width, 3), from the integers of a file.

        Args:
            coefficients: (3, h/8, w/8, 8, 8) integers.
            tables: (2, 8, 8) integers.
            size: the photograph's height and width. The result is cropped to them.
            tile: the number of HR rows to process at a time; None chooses.
            precision: precision of the arithmetic.

        Raises:
            HyperthumbError: if `tile` is below 1, or the engine does not support the precision.
        """

    def in_torch(self) -> TorchEngine:
        """The same model in PyTorch, the only engine with gradients and bfloat16.

        Raises:
            HyperthumbError: if PyTorch is not installed.
        """

    def share_cores(self, jobs: int) -> None:
        """Limits the engine's threads, so that `jobs` files can be processed at the same time."""
