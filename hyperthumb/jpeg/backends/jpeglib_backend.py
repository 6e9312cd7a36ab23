"""jpeglib, the default: libjpeg-turbo's coefficients by way of ctypes."""

from __future__ import annotations

import numpy as np

from ...errors import ThumbnailError
from . import CodedPicture
from .scratch import scratch_file

# Of the versions that jpeglib brings, the fastest reader (by a fifth) and a maintained one; its default is 6b of 1998.
_VERSION = "turbo210"


class JpeglibCoder:
    """Writes and reads with jpeglib."""

    optimizes = True

    def __init__(self) -> None:
        import jpeglib

        if jpeglib.version.get() != _VERSION:
            jpeglib.version.set(_VERSION)

    def write(self, picture: CodedPicture, optimize: bool) -> bytes:
        import jpeglib

        y, cb, cr = np.ascontiguousarray(picture.coefficients, dtype=np.int16)
        tables = np.ascontiguousarray(picture.tables[:2], dtype=np.uint16)
        image = jpeglib.from_dct(Y=y, Cb=cb, Cr=cr, qt=tables, quant_tbl_no=np.array([0, 1, 1]))
        image.height, image.width = picture.height, picture.width  # else rounded up to blocks
        with scratch_file() as path:
            image.write_dct(str(path), flags=["+OPTIMIZE_CODING"] if optimize else [])
            return path.read_bytes()

    def read(self, data: bytes, height: int, width: int) -> CodedPicture:
        # jpeglib.read_dct decodes the whole file once more only to count its scans, and keeps the application segments
        # in arrays of a fixed length; the call below does neither, and is what it ends in.
        from jpeglib._bind import CJpegLib

        coefficients = np.zeros((3, -(-height // 8), -(-width // 8), 8, 8), np.int16)
        tables = np.zeros((4, 64), np.uint16)
        numbers = np.zeros(4, np.int16)
        planes = [np.ctypeslib.as_ctypes(plane.reshape(-1)) for plane in coefficients]
        with scratch_file(data) as path:
            try:
                CJpegLib.read_jpeg_dct(
                    str(path), *planes, None, np.ctypeslib.as_ctypes(tables), np.ctypeslib.as_ctypes(numbers)
                )
            except OSError as error:
                raise ThumbnailError("damaged JPEG file: libjpeg cannot read its coefficients") from error
        return CodedPicture(coefficients, tables[numbers[:3]].reshape(3, 8, 8).astype(np.int64), height, width)
