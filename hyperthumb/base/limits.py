"""The choices that several folders offer, and the limits of sizes. Each is written down here and nowhere else."""

from __future__ import annotations

from typing import Literal, get_args

Scale = Literal[1, 2, 4, 8]
"""How many times a thumbnail's sides are smaller than its photograph's."""
SCALES: tuple[Scale, ...] = get_args(Scale)

Device = Literal["auto", "cpu", "cuda", "mps"]
DEVICES: tuple[Device, ...] = get_args(Device)

Backend = Literal["jpeglib", "torchjpeg"]
"""The library that codes JPEG files."""
BACKENDS: tuple[Backend, ...] = get_args(Backend)

Profile = Literal["small", "optimized", "default"]
"""How a thumbnail file is coded, see `jpeg.profiles.write_profile`."""
PROFILES: tuple[Profile, ...] = get_args(Profile)
REMOVED_PROFILES = {"fast": "use optimized, which is read as quickly"}

Subsampling = Literal["4:4:4", "4:2:2", "4:2:0"]
"""The resolution of chroma in the files of rivals."""
SUBSAMPLINGS: tuple[Subsampling, ...] = get_args(Subsampling)

MAX_JPEG_SIDE = 65500
"""libjpeg's limit."""

MAX_THUMBNAIL_PIXELS = 100_000_000
"""0.6 GB of coefficients; at 4x the photograph has 1.6 gigapixels."""

MAX_RESTORED_PIXELS = 2**29
"""Of a photograph in the codec: a few hundred bytes of thumbnail can ask for gigabytes."""

MAX_COMPRESSED_PIXELS = 2**28
"""Of a photograph that the command compresses: 268 megapixels, beyond every camera's single frame; 0.8 GB as RGB."""

MAX_PICTURE_PIXELS = 89_478_485
"""Of all other pictures that are read: Pillow's line between a photograph and a decompression bomb; 256 MiB as RGB."""


def unknown_profile(name: str) -> str:
    """What is said of a profile that does not exist."""
    hint = f"; {REMOVED_PROFILES[name]}" if name in REMOVED_PROFILES else ""
    return f"the profiles are {', '.join(PROFILES)}; there is no {name}{hint}"
