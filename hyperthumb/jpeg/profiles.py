"""The ways to code the same coefficients: for the fewest bytes, without progressive scans, or as the papers count."""

from __future__ import annotations

from hyperthumb.base.errors import ThumbnailError
from hyperthumb.base.limits import PROFILES, Profile, unknown_profile

from .backends import CodedPicture, CoefficientCoder


def write_profile(picture: CodedPicture, profile: Profile, coder: CoefficientCoder) -> bytes:
    """A JPEG file without our segment.

    Args:
        picture: what to code.
        profile: `small` is progressive with the scans that code it best, or baseline where that is smaller still (tiny
            pictures); `optimized` is baseline with Huffman tables of its own; `default` is baseline with the standard's
            Huffman tables (ITU-T T.81, annex K.3).
        coder: the library.

    Raises:
        ThumbnailError: for a profile that does not exist, or that the library cannot write.
    """
    if profile not in PROFILES:
        raise ThumbnailError(unknown_profile(profile))
    if profile == "optimized" and not coder.optimizes:
        raise ThumbnailError("torchjpeg writes the standard's Huffman tables only; choose the profile small or default")
    baseline = coder.write(picture, optimize=coder.optimizes and profile != "default")
    if profile != "small":
        return baseline
    from mozjpeg_lossless_optimization import optimize

    try:
        progressive = optimize(baseline)
    except ValueError as error:
        raise ThumbnailError(f"mozjpeg cannot code this thumbnail progressively: {error}") from error
    return min(progressive, baseline, key=len)
