"""The default backend: jpeglib, which calls libjpeg-turbo through ctypes."""

from __future__ import annotations

import numpy as np

from hyperthumb.base.errors import ThumbnailError

from . import CodedPicture
from .scratch import scratch_file

# The fastest reader (by a fifth) of the libraries in jpeglib, and a maintained one. jpeglib's default is 6b of 1998.
_VERSION = "turbo210"


class JpeglibCoder:
    """Writes and reads with jpeglib.

    It calls the C functions of jpeglib directly. jpeglib's own methods leave temporary files behind after an error,
    decode a file a second time to count its scans, and print to standard output, which `--json` needs.
    """

    optimizes = True

    def __init__(self) -> None:
        import jpeglib

        if jpeglib.version.get() != _VERSION:
            jpeglib.version.set(_VERSION)

    def write(self, picture: CodedPicture, optimize: bool) -> bytes:
        import jpeglib
        from jpeglib._bind import CJpegLib

        planes = np.ascontiguousarray(picture.coefficients, dtype=np.int16)
        tables = np.ascontiguousarray(picture.tables[:2], dtype=np.uint16)
        numbers = np.array([0, 1, 1, -1], np.int16)
        image = jpeglib.from_dct(*planes, qt=tables, quant_tbl_no=numbers[:3])
        image.height, image.width = picture.height, picture.width  # the default is the size rounded up to blocks
        y, cb, cr = map(np.ctypeslib.as_ctypes, planes.reshape(3, -1))
        with scratch_file() as path:
            CJpegLib.write_jpeg_dct(  # an OSError here means a disk error, because the coefficients were checked
                srcfile=None,
                dstfile=str(path),
                Y=y,
                Cb=cb,
                Cr=cr,
                K=None,
                image_dims=image.c_image_dims(),
                block_dims=image.c_block_dims(),
                samp_factor=image.c_samp_factor(),
                in_color_space=int(image.jpeg_color_space),
                in_components=image.num_components,
                qt=np.ctypeslib.as_ctypes(tables.reshape(2, 64)),
                quality=-1,
                quant_tbl_no=np.ctypeslib.as_ctypes(numbers),
                num_markers=image.num_markers,
                marker_types=image.c_marker_types(),
                marker_lengths=image.c_marker_lengths(),
                markers=image.c_markers(),
                flags=["+OPTIMIZE_CODING"] if optimize else [],
            )
            return path.read_bytes()

    def read(self, data: bytes, height: int, width: int) -> CodedPicture:
        from jpeglib._bind import CJpegLib

        coefficients = np.zeros((3, -(-height // 8), -(-width // 8), 8, 8), np.int16)
        tables = np.zeros((4, 64), np.uint16)
        numbers = np.zeros(4, np.int16)
        planes = [np.ctypeslib.as_ctypes(plane.reshape(-1)) for plane in coefficients]
        with scratch_file(data) as path:
            success = CJpegLib.get().read_jpeg_dct(
                CJpegLib.cstr(str(path)), *planes, None, np.ctypeslib.as_ctypes(tables), np.ctypeslib.as_ctypes(numbers)
            )
        if not success:
            raise ThumbnailError("damaged JPEG file: libjpeg cannot read its coefficients")
        return CodedPicture(coefficients, tables[numbers[:3]].reshape(3, 8, 8).astype(np.int64), height, width)
