"""Color profiles: littleCMS's own, and some written by hand (ICC.1:2001-04)."""

from __future__ import annotations

import struct

import numpy as np
from PIL import ImageCms

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()

# The columns of sRGB's and of Display P3's matrix to XYZ, adapted to D50.
SRGB_COLUMNS = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
P3_COLUMNS = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))


def srgb_curve(levels: np.ndarray) -> np.ndarray:
    """IEC 61966-2-1: converts stored values in 0..1 to linear light in 0..1."""
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def rgb_profile_of(columns: tuple[tuple[float, ...], ...], gamma: float | None, name: str) -> bytes:
    """A display profile: a matrix and one curve for all three channels; without a gamma, the curve of sRGB."""
    if gamma is None:
        samples = np.round(srgb_curve(np.linspace(0, 1, 1024)) * 65535).astype(">u2")
        curve = b"curv" + bytes(4) + struct.pack(">I", 1024) + samples.tobytes()
    else:
        curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))
    tags = {b"desc": _description(name)}
    for letter, column in zip(b"rgb", columns, strict=True):
        tags[bytes([letter]) + b"XYZ"] = b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in column))
        tags[bytes([letter]) + b"TRC"] = curve
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey_profile(gamma: float) -> bytes:
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"desc": _description("grey"), b"kTRC": curve})


def cmyk_profile() -> bytes:
    """A printer profile: white paper, pure cyan at Lab 55, -37, -50, and black for black ink."""
    ink = {0: (100, 0, 0), 1: (55, -37, -50), 2: (48, 74, -3), 4: (89, -5, 93), 7: (20, 0, 0)}  # C is 1, M 2, Y 4
    nodes = []
    for node in range(16):  # the last channel, black, varies fastest
        cyan, magenta, yellow, black = (node >> bit & 1 for bit in (3, 2, 1, 0))
        lightness, a, b = (0, 0, 0) if black else ink.get(cyan + 2 * magenta + 4 * yellow, (25, 0, 0))
        nodes += [round(lightness * 2.55), a + 128, b + 128]
    identity = struct.pack(">9i", *(65536 * (place % 4 == 0) for place in range(9)))
    ramp = bytes(range(256))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + ramp * 4 + bytes(nodes) + ramp * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"desc": _description("ink"), b"A2B0": table, b"A2B1": table})


def _description(name: str) -> bytes:
    text = name.encode() + b"\0"
    return b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78)


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    white = struct.pack(">3i", 63190, 65536, 54061)  # D50
    tags |= {b"wtpt": b"XYZ " + bytes(4) + white, b"cprt": b"text" + bytes(4) + b"none\0"}
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    size = 132 + 12 * len(tags) + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02400000, kind, space, connection)
    header += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + white
    return header + bytes(128 - len(header)) + table + body


P3 = rgb_profile_of(P3_COLUMNS, None, "Display P3")
