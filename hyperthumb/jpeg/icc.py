"""Color profiles in a JPEG: APP2 segments (ICC.1:2022, annex B.4)."""

from __future__ import annotations

import struct

from hyperthumb.base.errors import ThumbnailError

from .segments import Segment

APP2 = 0xE2
_MAGIC = b"ICC_PROFILE\0"
_MOST = 65533 - len(_MAGIC) - 2  # bytes of the profile in one segment


def icc_segments(profile: bytes) -> bytes:
    """The segments that carry a profile.

    Raises:
        ThumbnailError: if 255 segments cannot hold the profile.
    """
    pieces = [profile[start : start + _MOST] for start in range(0, len(profile), _MOST)]
    if len(pieces) > 255:
        raise ThumbnailError(f"a color profile of {len(profile)} bytes does not fit into a JPEG file")
    return b"".join(
        struct.pack(">BBH", 0xFF, APP2, len(_MAGIC) + 4 + len(piece)) + _MAGIC + bytes([number, len(pieces)]) + piece
        for number, piece in enumerate(pieces, 1)
    )


def find_icc(parts: list[Segment]) -> bytes | None:
    """The profile in a file; None if there is none or if it is incomplete."""
    pieces: dict[int, bytes] = {}
    count = 0
    for payload in (part.payload for part in parts if part.marker == APP2 and part.payload.startswith(_MAGIC)):
        if len(payload) > len(_MAGIC) + 2:
            number, count = payload[len(_MAGIC)], payload[len(_MAGIC) + 1]
            pieces[number] = payload[len(_MAGIC) + 2 :]
    if not pieces or sorted(pieces) != list(range(1, count + 1)):
        return None
    return b"".join(pieces[number] for number in sorted(pieces))
