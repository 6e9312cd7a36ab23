"""The three profiles that code the same coefficients with different numbers of bytes."""

from __future__ import annotations

from hyperthumb.base.errors import ThumbnailError
from hyperthumb.base.limits import PROFILES, Profile, unknown_profile

from .backends import CodedPicture, CoefficientCoder


def write_profile(picture: CodedPicture, profile: Profile, coder: CoefficientCoder) -> bytes:
    """Codes a picture as a JPEG file without our marker.

    Args:
        picture: the coefficients and tables.
        profile: `small` is progressive with searched scans, or baseline if that is smaller (tiny pictures).
            `optimized` is baseline with Huffman tables made for the picture. `default` is baseline with the standard's
            Huffman tables (ITU-T T.81, annex K.3), as papers count bytes.
        coder: the library that writes.

    Raises:
        ThumbnailError: for an unknown profile, or one that the library cannot write.
    """
    if profile not in PROFILES:
        raise ThumbnailError(unknown_profile(profile))
    if profile == "optimized" and not coder.optimizes:
        raise ThumbnailError("torchjpeg cannot write optimized Huffman tables; use the profile small or default")
    baseline = coder.write(picture, optimize=coder.optimizes and profile != "default")
    if profile != "small":
        return baseline
    from mozjpeg_lossless_optimization import optimize

    try:
        progressive = optimize(baseline)
    except ValueError as error:
        raise ThumbnailError(f"mozjpeg cannot code this thumbnail progressively: {error}") from error
    return min(progressive, baseline, key=len)
