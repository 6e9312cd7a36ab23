"""One interface to the libraries that code and decode coefficients. Each library is imported on first use."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from hyperthumb.base.errors import ThumbnailError
from hyperthumb.base.limits import BACKENDS, Backend


class CodedPicture(NamedTuple):
    """The content of a 4:4:4 color JPEG.

    Attributes:
        coefficients: (3, ceil(height/8), ceil(width/8), 8, 8) int16, quantized, in natural order.
        tables: (3, 8, 8) integers in natural order, the quantization table of each plane.
        height: rows that a viewer shows.
        width: columns that a viewer shows.
    """

    coefficients: np.ndarray
    tables: np.ndarray
    height: int
    width: int


class CoefficientCoder(Protocol):
    """A library that writes coefficients to a JPEG file and reads them back."""

    optimizes: bool
    """Whether the library can make optimized Huffman tables."""

    def write(self, picture: CodedPicture, optimize: bool) -> bytes:
        """Writes a baseline file whose only application segment is JFIF's.

        Args:
            picture: the coefficients and tables.
            optimize: make Huffman tables for this picture; else use the standard's.

        Raises:
            ThumbnailError: if the temporary folder cannot be used.
        """

    def read(self, data: bytes, height: int, width: int) -> CodedPicture:
        """Reads a file that has been checked: an 8-bit 4:4:4 color JPEG of this size.

        Raises:
            ThumbnailError: if the library cannot read it, or the temporary folder cannot be used.
        """


def find_backend(name: Backend) -> CoefficientCoder:
    """Finds a backend by name.

    Raises:
        ThumbnailError: for an unknown name, or a library that is not installed.
    """
    if name == "jpeglib":
        from .jpeglib_backend import JpeglibCoder

        return JpeglibCoder()
    if name == "torchjpeg":
        from .torchjpeg_backend import TorchjpegCoder

        return TorchjpegCoder()
    raise ThumbnailError(f"unknown JPEG backend {name}; choose {' or '.join(BACKENDS)}")
