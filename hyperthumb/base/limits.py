"""Choices that several folders offer, and limits of sizes. Each is defined only here."""

from __future__ import annotations

import numbers
from typing import Literal, get_args

from .errors import HyperthumbError

Scale = Literal[1, 2, 4, 8]
"""The factor between the sides of a photograph and those of its thumbnail."""
SCALES: tuple[Scale, ...] = get_args(Scale)

Device = Literal["auto", "cpu", "cuda", "mps"]
DEVICES: tuple[Device, ...] = get_args(Device)

EngineName = Literal["torch", "onnxruntime", "openvino"]
"""What runs a model."""
Engine = Literal["auto", EngineName]
"""What a user may ask for, see `codec.engines.choose_engine`."""
ENGINES: tuple[Engine, ...] = get_args(Engine)

Precision = Literal["fp32", "bf16"]
"""The arithmetic of restoring."""
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

Backend = Literal["jpeglib", "torchjpeg"]
"""The library that codes JPEG files."""
BACKENDS: tuple[Backend, ...] = get_args(Backend)

Profile = Literal["small", "optimized", "default"]
"""How a thumbnail file is coded, see `jpeg.profiles.write_profile`."""
PROFILES: tuple[Profile, ...] = get_args(Profile)
REMOVED_PROFILES = {"fast": "use optimized, which is read as quickly"}

Refine = int | Literal["best"]
"""Steps of refining (`codec.refinement`); 0 for none."""
BEST_REFINE = 150
"""The steps of `best`: one to two minutes of one core for a photograph of 768x512."""

Subsampling = Literal["4:4:4", "4:2:2", "4:2:0"]
"""The chroma resolution of ordinary JPEG files, for baselines."""
SUBSAMPLINGS: tuple[Subsampling, ...] = get_args(Subsampling)

MAX_JPEG_SIDE = 65500
"""libjpeg's limit."""

MAX_THUMBNAIL_PIXELS = 100_000_000
"""Such a thumbnail has 0.6 GB of coefficients; at 4x its photograph has 1.6 gigapixels."""

MAX_RESTORED_PIXELS = 2**29
"""The largest photograph that is restored. A limit is needed, because a tiny thumbnail file can ask for gigabytes."""

MAX_COMPRESSED_PIXELS = 2**28
"""The largest photograph that the command line compresses: 268 megapixels, more than a camera takes; 0.8 GB as RGB."""

MAX_PICTURE_PIXELS = 89_478_485
"""The largest of all other pictures: Pillow's limit for decompression bombs; 256 MiB as RGB."""


def refine_steps(refine: Refine) -> int:
    """The number of steps that a wish for refining stands for.

    Raises:
        HyperthumbError: for anything but a whole number from 0 and "best".
    """
    if refine == "best":
        return BEST_REFINE
    if isinstance(refine, bool) or not isinstance(refine, numbers.Integral) or refine < 0:
        raise HyperthumbError(f'refine is a whole number of steps, 0 for none, or "best", not {refine!r}')
    return int(refine)


def unknown_profile(name: str) -> str:
    """The message for a profile that does not exist."""
    hint = f"; {REMOVED_PROFILES[name]}" if name in REMOVED_PROFILES else ""
    return f"there is no profile {name}{hint} (known: {', '.join(PROFILES)})"
