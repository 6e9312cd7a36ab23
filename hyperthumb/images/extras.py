"""Describes content of a picture file that is not read, one sentence each, so that nothing is lost silently."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

from PIL import Image

from .exif import says_adobe_rgb
from .png import Png
from .tiff import count_pictures

# Markers of gain maps: Ultra HDR (Android), ISO 21496-1, and Apple's.
_GAIN_MAPS = (b'hdrgm:Version="', b"urn:iso:std:iso:ts:21496:-1\0", b"urn:com:apple:photo:2020:aux:hdrgainmap")
_MP_ENTRY = 0xB002  # an MPO's list of its pictures
_SMALLER_COPY = "Large Thumbnail"  # an MPO's preview of the same picture (CIPA DC-007, table 4), which cameras add

# ITU-T H.273, tables 2 and 3.
_PRIMARIES = {1: "BT.709", 9: "BT.2020", 11: "DCI-P3", 12: "Display P3"}
_TRANSFERS = {1: "BT.709", 8: "linear", 13: "sRGB", 14: "BT.2020", 15: "BT.2020", 16: "PQ", 18: "HLG"}
_CICP_SRGB = bytes([1, 13, 0, 1])

# PNG, third edition, table 14: gAMA and cHRM of sRGB, in units of 1/100,000.
_SRGB_GAMMA = 45455
_SRGB_CHROMATICITIES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
_GAMMA_TOLERANCE, _CHROMATICITY_TOLERANCE = 500, 200  # programs round these values


def find_extras(image: Image.Image, data: bytes, png: Png | None) -> tuple[str, ...]:
    """Describes the content of a file that is not read. Of the picture as Pillow opened it, the first frame is used."""
    return (*_pictures(image, data, png), *_colors(image, png.colors if png else {}))


def _pictures(image: Image.Image, data: bytes, png: Png | None) -> Iterator[str]:
    count = png.frames if png else getattr(image, "n_frames", 1)
    if image.format == "TIFF":
        count = count_pictures(io.BytesIO(data))
    if image.format in ("JPEG", "MPO"):
        further = getattr(image, "mpinfo", {}).get(_MP_ENTRY, [])[1:]
        count = 1 + sum(not entry["Attribute"]["MPType"].startswith(_SMALLER_COPY) for entry in further)
        if any(name in data for name in _GAIN_MAPS):
            count -= 1  # the gain map is the second picture
            yield "its gain map was left out; the picture is the one for displays without HDR"
    if count > 1:
        yield f"only the first of its {count} pictures was taken"


def _colors(image: Image.Image, chunks: dict[str, bytes]) -> Iterator[str]:
    """Describes color information other than sRGB that is not applied.

    In a PNG, each of these supersedes the next (4.3, 11.3.2): cICP, the profile, sRGB, gAMA and cHRM.
    """
    has_profile = "icc_profile" in image.info
    if not has_profile and image.format in ("JPEG", "MPO") and says_adobe_rgb(image):
        yield "its EXIF data say that it is Adobe RGB; it is taken for sRGB"
    cicp = chunks.get("cICP", _CICP_SRGB)
    if cicp != _CICP_SRGB and len(cicp) == 4:
        primaries = _PRIMARIES.get(cicp[0], f"primaries {cicp[0]}")
        transfer = _TRANSFERS.get(cicp[1], f"transfer {cicp[1]}")
        instead = "" if has_profile else "; it is taken for sRGB"
        yield f"its cICP chunk was not applied ({primaries} colors, {transfer} transfer){instead}"
    if has_profile or "cICP" in chunks or "sRGB" in chunks:
        return
    gamma = _numbers(chunks.get("gAMA", b""), 1)
    if gamma and abs(gamma[0] - _SRGB_GAMMA) > _GAMMA_TOLERANCE:
        yield f"its gAMA chunk was not applied (gamma {gamma[0] / 1e5:g}); it is taken for sRGB"
    places = _numbers(chunks.get("cHRM", b""), 8)
    if any(abs(a - b) > _CHROMATICITY_TOLERANCE for a, b in zip(places, _SRGB_CHROMATICITIES, strict=False)):
        yield "its cHRM chunk was not applied (other primary colors than sRGB's); it is taken for sRGB"


def _numbers(content: bytes, count: int) -> tuple[int, ...]:
    """Reads `count` integers; returns none if the chunk has another length."""
    return struct.unpack(f">{count}I", content) if len(content) == 4 * count else ()
