"""The second backend: torchjpeg, which the paper's code used. It is libjpeg 9d as a torch extension."""

from __future__ import annotations

import numpy as np

from hyperthumb.base.errors import ThumbnailError

from . import CodedPicture
from .scratch import scratch_file


class TorchjpegCoder:
    """Writes and reads with torchjpeg. Its files have the standard's Huffman tables."""

    optimizes = False

    def __init__(self) -> None:
        try:
            import torch
            import torchjpeg.codec
        except ImportError as error:
            raise ThumbnailError(
                f"the torchjpeg backend needs torchjpeg built for the installed torch; see docs/thumbnails.md ({error})"
            ) from error
        self._torch, self._codec = torch, torchjpeg.codec
        self._libjpeg_error: type[Exception] = torchjpeg.codec._codec_ops.LibjpegError

    def write(self, picture: CodedPicture, optimize: bool) -> bytes:
        assert not optimize, "torchjpeg cannot optimize Huffman tables"
        tensor = self._torch.from_numpy
        y, chroma = np.split(np.ascontiguousarray(picture.coefficients, dtype=np.int16), [1])
        with scratch_file() as path:
            try:
                self._codec.write_coefficients(
                    str(path),
                    tensor(np.full((3, 2), (picture.height, picture.width), np.int32)),
                    tensor(np.ascontiguousarray(picture.tables, dtype=np.int16)),
                    tensor(y),
                    tensor(chroma),
                )
            except self._libjpeg_error as error:  # a disk error, because the coefficients were checked
                raise OSError(str(error)) from error
            return path.read_bytes()

    def read(self, data: bytes, height: int, width: int) -> CodedPicture:
        with scratch_file(data) as path:
            try:
                _, tables, y, chroma = self._codec.read_coefficients(str(path))
            except (RuntimeError, self._libjpeg_error) as error:
                raise ThumbnailError(f"damaged JPEG file: {error}") from error
        coefficients = np.concatenate([y.numpy(), chroma.numpy()])
        return CodedPicture(coefficients, tables.numpy().astype(np.int64), height, width)
