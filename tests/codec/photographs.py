"""Photographs for the tests of this folder, and what becomes of their thumbnails."""

from __future__ import annotations

import io
import warnings

import numpy as np
from PIL import Image

from hyperthumb.base.errors import ThumbnailWarning
from hyperthumb.codec.codec import Codec
from tests.support import photograph

PHOTOGRAPH = photograph(131, 170)


WHOLE_BLOCKS = photograph(64, 96)


def recompressed(data: bytes, mode: str = "RGB", **settings: object) -> bytes:
    """What a service makes of a file: decoded, and saved by Pillow."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(data)).convert(mode).save(buffer, "JPEG", **settings)
    return buffer.getvalue()


def restore_with_warnings(codec: Codec, data: bytes, **arguments: object) -> tuple[np.ndarray, str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image = codec.restore(data, **arguments)
    assert all(warning.category is ThumbnailWarning and warning.filename == __file__ for warning in caught)
    return image, "\n".join(str(warning.message) for warning in caught)


def error(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())
