"""Between quantized coefficients and the bytes of an ordinary JPEG file (4:4:4, 8-bit tables).

The integers of the simulator go into the entropy coder as they are, and come out again as they are: no pixel is rounded
on the way.
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

MAX_AC = 1023  # ITU-T T.81, table F.2: AC magnitude categories of 8-bit baseline end at 10 bits
MAX_DC_STEP = 2047  # table F.1: differences between neighbouring blocks' DC, at 11 bits
_PREFERENCE = (State.INTACT, State.CUT, State.CHANGED, State.DOUBTFUL, State.UNMARKED)


@dataclass(frozen=True)
class JpegThumbnail:
    """What a thumbnail file holds.

    Attributes:
        coefficients: (3, ceil(height/8), ceil(width/8), 8, 8) int16 quantized coefficients of Y, Cb, Cr, in natural
            order (v, u).
        tables: (2, 8, 8) integers in 1..255, for Y and for both chroma planes, natural order.
        height: rows that a viewer shows, ceil(hr_height / scale).
        width: columns that a viewer shows.
        hr_height: the photograph's rows; None, like the next three, when the file does not say. A file whose picture
            was changed says the last two only.
        hr_width: the photograph's columns.
        scale: 1, 2, 4 or 8.
        model_id: 3 bytes that name the weights that made the file, not all zeros.
        state: what has become of a file that was read. Writing ignores it, and the next.
        orientation: how the file's picture was turned after it was written, as EXIF counts (`base.orientation`). All
            else that is said here is of the picture before that.
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
        """Whether the picture is still the one that we wrote, turned or not; None for files without a marker."""
        return None if self.state is State.UNMARKED else self.state is State.INTACT


def write_jpeg(
    thumbnail: JpegThumbnail,
    profile: Profile = "small",
    backend: Backend = "jpeglib",
    icc: bytes | None = None,
    exif: bytes | None = None,
) -> bytes:
    """The file's bytes.

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
        thumbnail: what to write. With all of hr_height, hr_width and scale the file says them, and the model's id; with
            none it does not.
        profile: how to code it (`profiles.write_profile`); what is read back is the same.
        backend: which library writes.
        icc: the color profile that viewers apply; None for sRGB.
        exif: EXIF data without a prefix. Their orientation turns the picture in viewers, so they should have none.

    Raises:
        ThumbnailError: for sizes, tables or coefficients that no baseline JPEG can hold, or that disagree.
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
    """A file before anything of it is decoded: all its segments, its frame, and what our marker in it says.

    There is no marker in most files, and there may be several.
    """

    parts: list[Segment]
    frame: Frame
    origins: list[Origin]


def read_header(data: bytes) -> Header:
    """What a JPEG file declares; costs neither the memory nor the time that its coefficients do.

    Raises:
        ThumbnailError: for bytes that are no whole JPEG file that can be restored, or one of a later version.
    """
    parts = list(segments(data))
    frame = check_file(parts, len(data))
    return Header(parts, frame, find_origins(parts))


def read_jpeg(data: bytes, backend: Backend = "jpeglib") -> JpegThumbnail:
    """What `write_jpeg` wrote, or any 4:4:4 8-bit color JPEG holds.

    A file of ours that was changed since is read nevertheless; `state` says so. One that was turned is turned back.

    Raises:
        ForeignJpegError: for one that is not 4:4:4 YCbCr with 8-bit tables of which both chroma planes share one
            (`any_file.read_any` takes it).
        ThumbnailError: for bytes that are no whole JPEG file that can be restored.
    """
    parts, frame, origins = read_header(data)
    _check_planes(frame, parts)
    picture = find_backend(backend).read(without_metadata(data, parts), frame.height, frame.width)
    if not np.array_equal(picture.tables[1], picture.tables[2]):
        raise ForeignJpegError("Cb and Cr have tables of their own in this JPEG file; hyperthumb's share one")
    stored = JpegThumbnail(picture.coefficients, picture.tables[:2], frame.height, frame.width)
    found = [_as_written(stored, origin) for origin in origins] or [stored]
    thumbnail = min(found, key=lambda each: _PREFERENCE.index(each.state))
    if not thumbnail.intact:
        decode(data)  # libjpeg reads coefficients of a truncated file without a word; Pillow does not
    return thumbnail


def _as_written(stored: JpegThumbnail, origin: Origin) -> JpegThumbnail:
    """A file's picture, turned back where the marker says so, and what the marker says that still holds."""
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
    """What a viewer shows: uint8 (height, width, 3) RGB, by Pillow.

    Raises:
        ThumbnailError: when the bytes are no whole JPEG file.
    """
    check_file(list(segments(data)), len(data))
    return np.asarray(decode(data).convert("RGB"))


def decode(data: bytes) -> Image.Image:
    """Pillow's picture of a file that `segments.check_file` passed.

    Raises:
        ThumbnailError: when Pillow refuses it.
    """
    try:
        with quietly(Image.DecompressionBombWarning):  # our own limit is lower
            image = Image.open(io.BytesIO(data), formats=["JPEG"])
        image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ThumbnailError(f"damaged JPEG file: {error}") from error
    return image


def _check_planes(frame: Frame, parts: list[Segment]) -> None:
    """Refuses what is not Y, Cb and Cr of the same size with 8-bit tables."""
    planes = frame.components
    if len(planes) == 4:
        raise ThumbnailError("a CMYK JPEG cannot be restored; convert it to RGB first")
    if len(planes) == 1:
        raise ForeignJpegError("this JPEG file is grey")
    if len(planes) != 3:
        raise ThumbnailError(f"a JPEG of {len(planes)} planes is neither grey nor color")
    if any((plane.horizontal, plane.vertical) != (1, 1) for plane in planes):
        raise ForeignJpegError("this JPEG file has chroma at another resolution than luma (4:2:0 or the like)")
    if not _is_ycbcr(frame, parts):
        raise ForeignJpegError("this JPEG file does not hold YCbCr")
    tables = quantization_tables(parts)
    if max(max(tables[plane.table]) for plane in planes) > 255:
        raise ForeignJpegError("this JPEG file has quantization tables of 16 bits")


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
        raise ThumbnailError(f"a JPEG file's sides are 1 to {MAX_JPEG_SIDE} pixels, not {width}x{height}")
    if height * width > MAX_THUMBNAIL_PIXELS:
        raise ThumbnailError(f"a thumbnail has at most {MAX_THUMBNAIL_PIXELS} pixels; {width}x{height} has more")
    coefficients, tables = np.asarray(thumbnail.coefficients), np.asarray(thumbnail.tables)
    expected = (3, math.ceil(height / 8), math.ceil(width / 8), 8, 8)
    if coefficients.shape != expected or coefficients.dtype.kind not in "iu":
        raise ThumbnailError(
            f"a thumbnail of {width}x{height} has integer coefficients of shape {expected}, not {coefficients.dtype} "
            f"of shape {coefficients.shape}"
        )
    if tables.shape != (2, 8, 8) or tables.dtype.kind not in "iu" or tables.min() < 1 or tables.max() > 255:
        raise ThumbnailError("quantization tables are two of 8x8 integers in 1..255")
    _check_range(coefficients)
    _check_origin(thumbnail)


def _check_range(coefficients: np.ndarray) -> None:
    blocks = coefficients.reshape(-1, 64)
    if max(int(blocks[:, 1:].max(initial=0)), -int(blocks[:, 1:].min(initial=0))) > MAX_AC:
        raise ThumbnailError(f"an AC coefficient of a baseline JPEG is in -{MAX_AC}..{MAX_AC}")
    steps = np.diff(coefficients[..., 0, 0].astype(np.int64).reshape(3, -1), axis=1, prepend=0)
    if np.abs(steps).max() > MAX_DC_STEP:
        raise ThumbnailError(f"neighbouring DC coefficients of a baseline JPEG differ by {MAX_DC_STEP} at the most")


def _check_origin(thumbnail: JpegThumbnail) -> None:
    given = (thumbnail.hr_height, thumbnail.hr_width, thumbnail.scale)
    hr_height, hr_width, scale = given
    if hr_height is None or hr_width is None or scale is None:
        if given != (None, None, None) or thumbnail.model_id is not None:
            raise ThumbnailError(
                "hr_height, hr_width and scale are given together or not at all, a model's id with them"
            )
        return
    if scale not in SCALES:
        raise ThumbnailError(f"the scale is 1, 2, 4 or 8, not {scale}")
    if (math.ceil(hr_height / scale), math.ceil(hr_width / scale)) != (thumbnail.height, thumbnail.width):
        raise ThumbnailError(
            f"a photograph of {hr_width}x{hr_height} at scale {scale} has no thumbnail of "
            f"{thumbnail.width}x{thumbnail.height}"
        )
    if thumbnail.model_id is not None and (len(thumbnail.model_id) != MODEL_ID_BYTES or not any(thumbnail.model_id)):
        raise ThumbnailError(f"a model's id is {MODEL_ID_BYTES} bytes that are not all zero")


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
