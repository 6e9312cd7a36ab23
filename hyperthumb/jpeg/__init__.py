"""JPEG as tensors and as bytes. It can be used without the rest of hyperthumb.

| you need                                     | use                                                             |
| -------------------------------------------- | --------------------------------------------------------------- |
| JPEG as a differentiable layer               | `JpegSimulator`                                                 |
| the two halves of that layer                 | `rgb_to_coefficients`, `coefficients_to_rgb`                    |
| roundings with a gradient                    | `straight_through`, `noise`, `cubic`, `find_rounding`           |
| quantization tables                          | `standard_tables`, `integer_tables`, `per_plane`                |
| zig-zag order                                | `ZIGZAG`, `to_zigzag`, `from_zigzag`                            |
| to write and read coefficients and tables    | `write_jpeg`, `read_jpeg`, `JpegThumbnail`                      |
| the pixels that a viewer shows               | `decode_rgb`                                                    |

The module of a name is imported when the name is first used. Files and tables do not need PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hyperthumb.base.lazy import lazy_names

if TYPE_CHECKING:
    from .file import JpegThumbnail, decode_rgb, read_jpeg, write_jpeg
    from .quantize import cubic, find_rounding, integer_tables, noise, per_plane, straight_through
    from .simulator import JpegSimulator, SimulatedJpeg, coefficients_to_rgb, rgb_to_coefficients
    from .tables import STANDARD_TABLES, ZIGZAG, standard_tables
    from .zigzag import from_zigzag, to_zigzag

_HOMES = {
    "JpegSimulator": "simulator",
    "SimulatedJpeg": "simulator",
    "rgb_to_coefficients": "simulator",
    "coefficients_to_rgb": "simulator",
    "straight_through": "quantize",
    "noise": "quantize",
    "cubic": "quantize",
    "find_rounding": "quantize",
    "integer_tables": "quantize",
    "per_plane": "quantize",
    "STANDARD_TABLES": "tables",
    "ZIGZAG": "tables",
    "standard_tables": "tables",
    "to_zigzag": "zigzag",
    "from_zigzag": "zigzag",
    "JpegThumbnail": "file",
    "write_jpeg": "file",
    "read_jpeg": "file",
    "decode_rgb": "file",
}

__all__ = [
    "STANDARD_TABLES",
    "ZIGZAG",
    "JpegSimulator",
    "JpegThumbnail",
    "SimulatedJpeg",
    "coefficients_to_rgb",
    "cubic",
    "decode_rgb",
    "find_rounding",
    "from_zigzag",
    "integer_tables",
    "noise",
    "per_plane",
    "read_jpeg",
    "rgb_to_coefficients",
    "standard_tables",
    "straight_through",
    "to_zigzag",
    "write_jpeg",
]

__getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return __all__
