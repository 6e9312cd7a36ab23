"""Any JPEG as a thumbnail: what others wrote, or made of a file of ours."""

from __future__ import annotations

import numpy as np
from PIL import Image

from hyperthumb.base.errors import ForeignJpegError

from .backends import Backend
from .file import JpegThumbnail, decode, read_header, read_jpeg

NOT_OURS = "hyperthumb did not write this file: it does not say which photograph and which model it was made with"
CHANGED = (
    "this file was recompressed, edited or damaged after hyperthumb wrote it: it is no longer the original thumbnail"
)


def read_foreign(data: bytes, backend: Backend = "jpeglib") -> tuple[JpegThumbnail, list[str]]:
    """The thumbnail in a file of ours or in whatever else Pillow decodes as an 8-bit JPEG of grey or color.

    A 4:4:4 file keeps its coefficients. Of others the decoded picture is transformed again, with tables of ones; grey
    becomes color without chroma. What our marker says is kept, also where the picture was changed; the photograph's
    size is then the new picture's times the scale.

    Args:
        data: a whole JPEG file.
        backend: which library reads coefficients.

    Returns:
        The thumbnail, and sentences that say what was assumed or lost: none for a file that is as we wrote it.

    Raises:
        ThumbnailError: for damaged files, CMYK, more than 8 bits, arithmetic coding, and a later version's files.
    """
    try:
        thumbnail = read_jpeg(data, backend)
        lost = []
    except ForeignJpegError as error:
        thumbnail = _from_pixels(data)
        lost = [f"{error}: its decoded pixels were used in place of its coefficients"]
    if thumbnail.intact:
        return thumbnail, lost
    return thumbnail, [NOT_OURS if thumbnail.scale is None else CHANGED, *lost]


def _from_pixels(data: bytes) -> JpegThumbnail:
    """What an encoder of ours would make of the decoded picture at the finest tables."""
    _, frame, origin = read_header(data)
    return JpegThumbnail(
        coefficients=_transform(decode(data)),
        tables=np.ones((2, 8, 8), np.int64),
        height=frame.height,
        width=frame.width,
        hr_height=origin.height if origin else None,
        hr_width=origin.width if origin else None,
        scale=origin.scale if origin else None,
        model_id=origin.model_id if origin else None,
        intact=False if origin else None,
    )


def _transform(picture: Image.Image) -> np.ndarray:
    """(3, h/8, w/8, 8, 8) rounded coefficients of a picture whose last row and column are repeated to whole blocks."""
    import torch

    from .simulator import rgb_to_coefficients

    rgb = np.asarray(picture.convert("RGB"))
    padding = [(0, -rgb.shape[0] % 8), (0, -rgb.shape[1] % 8), (0, 0)]
    planes = torch.from_numpy(np.pad(rgb, padding, mode="edge")).permute(2, 0, 1)
    return rgb_to_coefficients(planes[None] / 255)[0].round().numpy().astype(np.int16)
