"""The libraries that code and decode coefficients, behind one interface; each is imported when it is first used."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from hyperthumb.base.errors import ThumbnailError
from hyperthumb.base.limits import BACKENDS, Backend


class CodedPicture(NamedTuple):
    """What a 4:4:4 color JPEG codes.

    Attributes:
        coefficients: (3, ceil(height/8), ceil(width/8), 8, 8) int16, quantized, natural order.
        tables: (3, 8, 8) integers, natural order: each plane's quantization table.
        height: rows that a viewer shows.
        width: columns that a viewer shows.
    """

    coefficients: np.ndarray
    tables: np.ndarray
    height: int
    width: int


class CoefficientCoder(Protocol):
    """A library that turns coefficients into a JPEG file and back."""

    optimizes: bool
    """Whether it can make Huffman tables for the file that it writes."""

    def write(self, picture: CodedPicture, optimize: bool) -> bytes:
        """A baseline file with JFIF's application segment and no other; `optimize`: with Huffman tables of its own.

        Raises:
            ThumbnailError: when the temporary folder cannot be used.
        """

    def read(self, data: bytes, height: int, width: int) -> CodedPicture:
        """The content of a file that was checked to be an 8-bit 4:4:4 color JPEG of that size.

        Raises:
            ThumbnailError: when the library refuses it, or the temporary folder cannot be used.
        """


def find_backend(name: Backend) -> CoefficientCoder:
    """The backend of that name.

    Raises:
        ThumbnailError: for a name that there is not, or a library that is not installed.
    """
    if name == "jpeglib":
        from .jpeglib_backend import JpeglibCoder

        return JpeglibCoder()
    if name == "torchjpeg":
        from .torchjpeg_backend import TorchjpegCoder

        return TorchjpegCoder()
    raise ThumbnailError(f"the JPEG backends are {' and '.join(BACKENDS)}; there is no {name}")
