"""Writes quantized coefficients to an ordinary JPEG file (4:4:4, 8-bit tables) and reads them back.

The integers of the simulator go straight into the entropy coder and come out unchanged: no pixel is rounded on the way.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image

from hyperthumb.base.errors import ForeignJpegError, ThumbnailError
from hyperthumb.base.limits import MAX_JPEG_SIDE, MAX_THUMBNAIL_PIXELS, SCALES, Backend, Profile
from hyperthumb.base.orientation import UPRIGHT
from hyperthumb.base.quiet import quietly

from .backends import CodedPicture, find_backend
from .checks import check_file, quantization_tables
from .marker import MODEL_ID_BYTES, Origin, find_origins, pack_origin
from .matching import State, match
from .metadata import metadata_segments
from .profiles import write_profile
from .segments import Frame, Segment, segments, without_metadata

MAX_AC = 1023  # ITU-T T.81, table F.2: an AC coefficient of an 8-bit baseline file has at most 10 bits
MAX_DC_STEP = 2047  # table F.1: the difference between the DC of neighbouring blocks has at most 11 bits
_PREFERENCE = (State.INTACT, State.CUT, State.CHANGED, State.DOUBTFUL, State.UNMARKED)


@dataclass(frozen=True)
class JpegThumbnail:
    """The content of a thumbnail file.

    Attributes:
        coefficients: (3, ceil(height/8), ceil(width/8), 8, 8) int16 quantized coefficients of Y, Cb, Cr, in natural
            order (v, u).
        tables: (2, 8, 8) integers in 1..255, for Y and for both chroma planes, in natural order.
        height: rows that a viewer shows, ceil(hr_height / scale).
        width: columns that a viewer shows, ceil(hr_width / scale).
        hr_height: rows of the photograph; None if unknown. A changed picture has no hr_height and hr_width.
        hr_width: columns of the photograph; None if unknown.
        scale: 1, 2, 4 or 8; None if unknown.
        model_id: 3 bytes, not all zero, that identify the weights that made the file; None if unknown.
        state: whether the picture of a file that was read is unchanged. `write_jpeg` ignores it.
        orientation: how the picture was turned after the file was written, as an EXIF number (`base.orientation`). The
            other attributes describe the picture before that turn. `write_jpeg` ignores it.
    """

    coefficients: np.ndarray
    tables: np.ndarray
    height: int
    width: int
    hr_height: int | None = None
    hr_width: int | None = None
    scale: int | None = None
    model_id: bytes | None = None
    state: State = State.UNMARKED
    orientation: int = UPRIGHT

    @property
    def intact(self) -> bool | None:
        """Whether the picture is the one that we wrote, possibly turned; None for files without a marker."""
        return None if self.state is State.UNMARKED else self.state is State.INTACT


def write_jpeg(
    thumbnail: JpegThumbnail,
    profile: Profile = "small",
    backend: Backend = "jpeglib",
    icc: bytes | None = None,
    exif: bytes | None = None,
) -> bytes:
    """Codes a thumbnail as the bytes of a JPEG file.

    >>> import numpy as np
    >>> from hyperthumb.jpeg import JpegThumbnail, decode_rgb, read_jpeg, standard_tables, write_jpeg
    >>> coefficients = np.zeros((3, 2, 3, 8, 8), np.int16)  # 2 x 3 blocks of each of Y, Cb and Cr
    >>> coefficients[0, :, :, 0, 0] = [[-40, -20, 0], [0, 20, 40]]
    >>> data = write_jpeg(JpegThumbnail(coefficients, standard_tables(75), height=13, width=20))
    >>> bool((read_jpeg(data).coefficients == coefficients).all())
    True
    >>> decode_rgb(data)[0, [0, 10, 19]].tolist()  # 128 + 8 * [-40, -20, 0] / 8
    [[88, 88, 88], [108, 108, 108], [128, 128, 128]]

    Args:
        thumbnail: the content. If hr_height, hr_width and scale are given, the file gets a marker with them and the
            model's id. If none of them is given, it gets no marker.
        profile: how to code it (`profiles.write_profile`). All profiles store the same coefficients.
        backend: the library that writes.
        icc: the color profile that viewers apply; None for sRGB.
        exif: EXIF data without a prefix. They should not have an orientation, because viewers would turn the picture.

    Raises:
        ThumbnailError: for sizes, tables or coefficients that a baseline JPEG cannot hold or that do not fit together.
    """
    _check(thumbnail)
    picture = CodedPicture(
        thumbnail.coefficients, np.asarray(thumbnail.tables)[[0, 1, 1]], thumbnail.height, thumbnail.width
    )
    data = write_profile(picture, profile, find_backend(backend))
    notes = _origin_segment(thumbnail) + metadata_segments(icc, exif)
    place = next(segments(data)).end  # after JFIF's segment
    return data[:place] + notes + data[place:]


class Header(NamedTuple):
    """The segments of a file, its frame header, and its hyperthumb markers: usually none or one, but maybe several."""

    parts: list[Segment]
    frame: Frame
    origins: list[Origin]


def read_header(data: bytes) -> Header:
    """Reads and checks the headers of a JPEG file without decoding its coefficients.

    Raises:
        ThumbnailError: for bytes that are not a complete, supported JPEG file, and for files of a later version.
    """
    parts = list(segments(data))
    frame = check_file(parts, len(data))
    return Header(parts, frame, find_origins(parts))


def read_jpeg(data: bytes, backend: Backend = "jpeglib") -> JpegThumbnail:
    """Reads a file from `write_jpeg`, or any other 4:4:4 8-bit color JPEG.

    A thumbnail that was changed after it was written is read too; `state` says so. One that was turned is turned back.

    Raises:
        ForeignJpegError: for a file that is not 4:4:4 YCbCr with 8-bit tables, one of them shared by Cb and Cr.
            `any_file.read_any` reads it.
        ThumbnailError: for bytes that are not a complete, supported JPEG file.
    """
    parts, frame, origins = read_header(data)
    _check_planes(frame, parts)
    picture = find_backend(backend).read(without_metadata(data, parts), frame.height, frame.width)
    if not np.array_equal(picture.tables[1], picture.tables[2]):
        raise ForeignJpegError("this JPEG file has different quantization tables for Cb and Cr")
    stored = JpegThumbnail(picture.coefficients, picture.tables[:2], frame.height, frame.width)
    found = [_as_written(stored, origin) for origin in origins] or [stored]
    thumbnail = min(found, key=lambda each: _PREFERENCE.index(each.state))
    if not thumbnail.intact:
        decode(data)  # raises an error for a truncated file; libjpeg would read its coefficients without an error
    return thumbnail


def _as_written(stored: JpegThumbnail, origin: Origin) -> JpegThumbnail:
    """The picture of a file, turned back if it was turned, with what its marker says and still holds."""
    picture = match(origin, stored.coefficients, stored.tables, stored.height, stored.width)
    hr_height, hr_width = picture.hr_size or (None, None)
    return JpegThumbnail(
        coefficients=picture.coefficients,
        tables=picture.tables,
        height=picture.height,
        width=picture.width,
        hr_height=hr_height,
        hr_width=hr_width,
        scale=origin.scale,
        model_id=origin.model_id,
        state=picture.state,
        orientation=picture.orientation,
    )


def decode_rgb(data: bytes) -> np.ndarray:
    """Decodes a JPEG with Pillow to the pixels that a viewer shows: uint8 (height, width, 3) RGB.

    Raises:
        ThumbnailError: if the bytes are not a complete, supported JPEG file.
    """
    check_file(list(segments(data)), len(data))
    return np.asarray(decode(data).convert("RGB"))


def decode(data: bytes) -> Image.Image:
    """Decodes with Pillow a file that has passed `checks.check_file`.

    Raises:
        ThumbnailError: if Pillow cannot decode it.
    """
    try:
        with quietly(Image.DecompressionBombWarning):  # `check_file` has a lower limit
            image = Image.open(io.BytesIO(data), formats=["JPEG"])
        image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ThumbnailError(f"damaged JPEG file: {error}") from error
    return image


def _check_planes(frame: Frame, parts: list[Segment]) -> None:
    """Raises an error unless the planes are Y, Cb and Cr of the same size with 8-bit tables."""
    planes = frame.components
    if len(planes) == 4:
        raise ThumbnailError("CMYK JPEG files are not supported; convert this one to RGB first")
    if len(planes) == 1:
        raise ForeignJpegError("this JPEG file is grey")
    if len(planes) != 3:
        raise ThumbnailError(f"this JPEG file has {len(planes)} planes; only 1 (grey) and 3 (color) are supported")
    if any((plane.horizontal, plane.vertical) != (1, 1) for plane in planes):
        raise ForeignJpegError("this JPEG file has subsampled chroma (for example 4:2:0)")
    if not _is_ycbcr(frame, parts):
        raise ForeignJpegError("this JPEG file does not store its colors as YCbCr")
    tables = quantization_tables(parts)
    if max(max(tables[plane.table]) for plane in planes) > 255:
        raise ForeignJpegError("this JPEG file has 16-bit quantization tables")


def _is_ycbcr(frame: Frame, parts: list[Segment]) -> bool:
    """Whether three planes are YCbCr, as libjpeg decides it (jdapimin.c, `default_decompress_parms`)."""
    if any(part.marker == 0xE0 and part.payload.startswith(b"JFIF\0") for part in parts):
        return True
    for part in parts:
        if part.marker == 0xEE and part.payload.startswith(b"Adobe") and len(part.payload) >= 12:
            return part.payload[11] != 0
    return bytes(plane.identifier for plane in frame.components) != b"RGB"


def _check(thumbnail: JpegThumbnail) -> None:
    height, width = thumbnail.height, thumbnail.width
    if not (0 < height <= MAX_JPEG_SIDE and 0 < width <= MAX_JPEG_SIDE):
        raise ThumbnailError(f"the sides of a JPEG file must be 1 to {MAX_JPEG_SIDE} pixels, not {width}x{height}")
    if height * width > MAX_THUMBNAIL_PIXELS:
        raise ThumbnailError(f"a thumbnail can have at most {MAX_THUMBNAIL_PIXELS} pixels; {width}x{height} has more")
    coefficients, tables = np.asarray(thumbnail.coefficients), np.asarray(thumbnail.tables)
    expected = (3, math.ceil(height / 8), math.ceil(width / 8), 8, 8)
    if coefficients.shape != expected or coefficients.dtype.kind not in "iu":
        raise ThumbnailError(
            f"a thumbnail of {width}x{height} needs integer coefficients of shape {expected}, not "
            f"{coefficients.dtype} of shape {coefficients.shape}"
        )
    if tables.shape != (2, 8, 8) or tables.dtype.kind not in "iu" or tables.min() < 1 or tables.max() > 255:
        raise ThumbnailError("the quantization tables must be integers in 1..255 of shape (2, 8, 8)")
    _check_range(coefficients)
    _check_origin(thumbnail)


def _check_range(coefficients: np.ndarray) -> None:
    blocks = coefficients.reshape(-1, 64)
    if max(int(blocks[:, 1:].max(initial=0)), -int(blocks[:, 1:].min(initial=0))) > MAX_AC:
        raise ThumbnailError(f"the AC coefficients of a baseline JPEG must be in -{MAX_AC}..{MAX_AC}")
    steps = np.diff(coefficients[..., 0, 0].astype(np.int64).reshape(3, -1), axis=1, prepend=0)
    if np.abs(steps).max() > MAX_DC_STEP:
        raise ThumbnailError(f"neighbouring DC coefficients of a baseline JPEG can differ by at most {MAX_DC_STEP}")


def _check_origin(thumbnail: JpegThumbnail) -> None:
    given = (thumbnail.hr_height, thumbnail.hr_width, thumbnail.scale)
    hr_height, hr_width, scale = given
    if hr_height is None or hr_width is None or scale is None:
        if given != (None, None, None) or thumbnail.model_id is not None:
            raise ThumbnailError(
                "give hr_height, hr_width and scale together or not at all; a model_id needs all three"
            )
        return
    if scale not in SCALES:
        raise ThumbnailError(f"the scale must be 1, 2, 4 or 8, not {scale}")
    if (math.ceil(hr_height / scale), math.ceil(hr_width / scale)) != (thumbnail.height, thumbnail.width):
        raise ThumbnailError(
            f"a thumbnail of {thumbnail.width}x{thumbnail.height} does not fit a photograph of "
            f"{hr_width}x{hr_height} at scale {scale}"
        )
    if thumbnail.model_id is not None and (len(thumbnail.model_id) != MODEL_ID_BYTES or not any(thumbnail.model_id)):
        raise ThumbnailError(f"the model_id must be {MODEL_ID_BYTES} bytes that are not all zero")


def _origin_segment(thumbnail: JpegThumbnail) -> bytes:
    if thumbnail.hr_height is None or thumbnail.hr_width is None or thumbnail.scale is None:
        return b""
    return pack_origin(
        thumbnail.height,
        thumbnail.width,
        (thumbnail.hr_height, thumbnail.hr_width),
        thumbnail.scale,
        thumbnail.model_id,
        thumbnail.coefficients,
        thumbnail.tables,
    )
