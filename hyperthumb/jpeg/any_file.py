"""Reads any JPEG as a thumbnail, including files that other programs wrote or changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from PIL import Image

from hyperthumb.base.errors import ForeignJpegError
from hyperthumb.base.limits import Backend
from hyperthumb.base.orientation import IN_WORDS, UPRIGHT

from .file import JpegThumbnail, decode, read_header, read_jpeg
from .matching import State

UNMARKED = (
    "this file has no hyperthumb marker, so the photograph's size and the model are unknown (the file was never a "
    "thumbnail, or another program removed the marker)"
)
CHANGED = (
    "this file was recompressed, cropped, edited or damaged after hyperthumb wrote it: it is no longer the original "
    "thumbnail"
)
CUT = "another program cut off or changed the partial blocks at the edges of this file after hyperthumb wrote it"


def turned_note(orientation: int) -> str:
    """The note about a file whose picture was turned after it was written."""
    return (
        f"this file was {IN_WORDS[orientation]} without loss after hyperthumb wrote it; the restored photograph is "
        "turned the same way"
    )


def read_any(
    data: bytes, backend: Backend = "jpeglib", is_known: Callable[[bytes], bool] | None = None
) -> tuple[JpegThumbnail, list[str]]:
    """Reads a thumbnail, or any other grey or color 8-bit JPEG that Pillow decodes.

    The coefficients of a 4:4:4 file are used as they are. For any other file, the decoded picture is transformed
    again, with quantization tables of ones. A grey picture gets chroma planes of zeros. The content of our marker is
    kept; if the picture was changed, all of it but the photograph's size.

    Args:
        data: a whole JPEG file.
        backend: the library that reads the coefficients.
        is_known: see `recognize`.

    Returns:
        The thumbnail, and sentences that say what was assumed or lost. There are none for an unchanged file.

    Raises:
        ThumbnailError: for damaged files, CMYK, more than 8 bits, arithmetic coding, and files of a later version.
    """
    thumbnail, reason = _read(data, backend, is_known)
    notes = _notes(thumbnail)
    if reason is not None:
        coefficients, tables = _transform(decode(data)), np.ones((2, 8, 8), np.int64)
        thumbnail = dataclasses.replace(thumbnail, coefficients=coefficients, tables=tables)
        notes.append(f"{reason}; its decoded pixels were used instead of its coefficients")
    return thumbnail, notes


def recognize(
    data: bytes, backend: Backend = "jpeglib", is_known: Callable[[bytes], bool] | None = None
) -> JpegThumbnail:
    """Reads our marker and checks whether the picture is unchanged. It does not transform foreign pictures.

    Args:
        data: a whole JPEG file.
        backend: the library that reads the coefficients.
        is_known: tells whether a model with this id is available. A marker of version 1 that does not fit the picture
            may be another program's segment. It is trusted only if it names an available model.

    Returns:
        The thumbnail. If the file is not 4:4:4 color, the coefficients are empty: (3, 0, 0, 8, 8).

    Raises:
        ThumbnailError: as in `read_any`.
    """
    return _read(data, backend, is_known)[0]


def _read(
    data: bytes, backend: Backend, is_known: Callable[[bytes], bool] | None
) -> tuple[JpegThumbnail, ForeignJpegError | None]:
    """The thumbnail, and the reason why its coefficients cannot be used, if there is one."""
    reason = None
    try:
        thumbnail = read_jpeg(data, backend)
    except ForeignJpegError as error:
        thumbnail, reason = _without_picture(data), error
    if thumbnail.state is State.DOUBTFUL:
        if is_known is not None and thumbnail.model_id is not None and is_known(thumbnail.model_id):
            thumbnail = dataclasses.replace(thumbnail, state=State.CHANGED)
        else:
            thumbnail = dataclasses.replace(thumbnail, state=State.UNMARKED, scale=None, model_id=None)
    return thumbnail, reason


def _without_picture(data: bytes) -> JpegThumbnail:
    """The size and the marker of a file whose coefficients cannot be used."""
    _, frame, origins = read_header(data)
    nothing = np.zeros((3, 0, 0, 8, 8), np.int16)
    thumbnail = JpegThumbnail(nothing, np.ones((2, 8, 8), np.int64), frame.height, frame.width)
    if not origins:
        return thumbnail
    origin = max(origins, key=lambda each: each.is_sealed)
    state = State.CHANGED if origin.is_sealed else State.DOUBTFUL
    return dataclasses.replace(thumbnail, scale=origin.scale, model_id=origin.model_id, state=state)


def _notes(thumbnail: JpegThumbnail) -> list[str]:
    by_state = {State.UNMARKED: UNMARKED, State.CHANGED: CHANGED, State.CUT: CUT}
    notes = [by_state[thumbnail.state]] if thumbnail.state in by_state else []
    if thumbnail.orientation != UPRIGHT:
        notes.append(turned_note(thumbnail.orientation))
    return notes


def _transform(picture: Image.Image) -> np.ndarray:
    """(3, h/8, w/8, 8, 8) rounded coefficients. The last row and column are repeated to fill whole blocks."""
    rgb = np.asarray(picture.convert("RGB"))
    padding = [(0, -rgb.shape[0] % 8), (0, -rgb.shape[1] % 8), (0, 0)]
    red, green, blue = np.pad(rgb, padding, mode="edge").astype(np.float32).transpose(2, 0, 1)
    y = 0.299 * red + 0.587 * green + 0.114 * blue - 128  # as in `color.rgb_to_ycbcr`, level shifted
    cb = -0.168736 * red - 0.331264 * green + 0.5 * blue
    cr = 0.5 * red - 0.418688 * green - 0.081312 * blue
    planes = np.stack([y, cb, cr])
    blocks = planes.reshape(3, planes.shape[1] // 8, 8, planes.shape[2] // 8, 8).swapaxes(2, 3)
    basis = _dct_basis()
    return np.rint(basis @ blocks @ basis.T).astype(np.int16)


def _dct_basis() -> np.ndarray:
    """(8, 8) float32: row k is the orthonormal DCT-II's cosine of frequency k (ITU-T T.81, A.3.3)."""
    frequency, place = np.mgrid[:8, :8]
    cosines = np.cos((2 * place + 1) * frequency * np.pi / 16) / 2
    cosines[0] /= np.sqrt(2)
    return cosines.astype(np.float32)
