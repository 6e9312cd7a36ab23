"""The ways to code the same coefficients: for the fewest bytes, for fast reading, or as the papers count."""

from __future__ import annotations

from typing import Literal, get_args

from hyperthumb.base.errors import ThumbnailError

from .backends import CodedPicture, CoefficientCoder
from .restart import code_scan
from .segments import DHT, SOS, segments

Profile = Literal["small", "fast", "optimized", "default"]


def write_profile(picture: CodedPicture, profile: Profile, coder: CoefficientCoder, restart_rows: int) -> bytes:
    """A JPEG file without our segment.

    Args:
        picture: what to code.
        profile: `small` is progressive with the scans that code it best, or baseline where that is smaller still (tiny
            pictures); `optimized` is baseline with Huffman tables of its own; `fast` has restart markers besides, so
            that its parts can be decoded at once; `default` is baseline with the standard's Huffman tables (ITU-T
            T.81, annex K.3).
        coder: the library.
        restart_rows: rows of blocks between restart markers, for `fast`.

    Raises:
        ThumbnailError: for a profile that there is not, naming those that there are.
    """
    if profile not in get_args(Profile):
        raise ThumbnailError(f"the profiles are {', '.join(get_args(Profile))}; there is no {profile}")
    if profile == "default":
        return coder.write(picture, optimize=False)
    if profile == "fast":
        return _recoded(coder.write(picture, optimize=False), picture, restart_rows)
    optimized = coder.write(picture, True) if coder.optimizes else _recoded(coder.write(picture, False), picture, None)
    if profile == "optimized":
        return optimized
    from mozjpeg_lossless_optimization import optimize

    try:
        progressive = optimize(optimized)
    except ValueError as error:
        raise ThumbnailError(f"mozjpeg cannot code this thumbnail progressively: {error}") from error
    return min(progressive, optimized, key=len)


def _recoded(data: bytes, picture: CodedPicture, restart_rows: int | None) -> bytes:
    """A baseline file's headers with Huffman tables, a scan and restart markers of ours."""
    scan = code_scan(picture.coefficients, restart_rows)
    parts = list(segments(data))
    start = next(part for part in parts if part.marker == SOS)
    headers = [
        data[part.start : part.end] for part in parts if part.marker not in (DHT, SOS) and part.start < start.start
    ]
    return b"".join([data[:2], *headers, scan.tables, data[start.start : start.end], scan.data, b"\xff\xd9"])
