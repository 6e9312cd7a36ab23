"""Choices that several folders offer, and limits of sizes. Each is defined only here."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard, get_args

from .constraints import Count
from .errors import HyperthumbError

Scale = Literal[1, 2, 4, 8]
"""The factor between the sides of a photograph and those of its thumbnail."""
SCALES: tuple[Scale, ...] = get_args(Scale)

THUMBNAIL_TAG, RESTORED_TAG = ".thumb", ".restored"
"""What `compress` and `restore` add to a photograph's name; a data set warns of pictures with such names."""

Device = Literal["auto", "cpu", "cuda", "mps"]
DEVICES: tuple[Device, ...] = get_args(Device)

EngineName = Literal["torch", "onnxruntime", "openvino"]
"""What runs a model."""
Engine = Literal["auto", EngineName]
"""What a user may ask for, see `codec.engines.choose_engine`."""
ENGINES: tuple[Engine, ...] = get_args(Engine)

GraphPrecision = Literal["fp32", "fp16", "int8"]
"""The arithmetic of an exported encoder or decoder."""
GRAPH_PRECISIONS: tuple[GraphPrecision, ...] = get_args(GraphPrecision)

Precision = Literal["fp32", "bf16", "fp16", "int8"]
"""The arithmetic of restoring: bf16 needs PyTorch, fp16 and int8 need a decoder that was exported so."""
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

Backend = Literal["jpeglib", "torchjpeg"]
"""The library that codes JPEG files."""
BACKENDS: tuple[Backend, ...] = get_args(Backend)

Profile = Literal["small", "optimized", "default"]
"""How a thumbnail file is coded, see `jpeg.profiles.write_profile`."""
PROFILES: tuple[Profile, ...] = get_args(Profile)
REMOVED_PROFILES = {"fast": "use optimized, which is read as quickly"}

Refined = Literal["coefficients", "encoder"]
"""What refining changes: a thumbnail's coefficients (`codec.refinement`), or a copy of the encoder and the table
predictor that makes the thumbnail (`codec.encoder_refinement`)."""
REFINED: tuple[Refined, ...] = get_args(Refined)


@dataclass(frozen=True)
class Refinement:
    """How each thumbnail is improved for its decoder.

    Attributes:
        steps: the number of steps.
        what: `coefficients` changes the thumbnail's coefficients, `encoder` a copy of the encoder and of the table
            predictor, which is not kept.
    """

    steps: Count
    what: Refined = "coefficients"

    def __str__(self) -> str:
        return str(self.steps) if self.what == "coefficients" else f"{self.what}:{self.steps}"


Refine = int | Literal["best"] | Mapping[str, Any] | Refinement
"""What a user may ask for, see `find_refinement`."""
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


def find_refinement(refine: Refine) -> Refinement | None:
    """The refinement that a wish stands for: steps that change coefficients, "best", or steps and `what`; None for 0.

    Raises:
        HyperthumbError: for anything else.
    """
    if refine == "best":
        return Refinement(BEST_REFINE)
    if _is_count(refine):
        return Refinement(int(refine)) if refine else None
    found = refine
    if isinstance(refine, Mapping) and {"steps"} <= refine.keys() <= {"steps", "what"}:
        found = Refinement(**refine)
    if isinstance(found, Refinement) and found.what in REFINED and _is_count(found.steps) and found.steps > 0:
        return found
    raise HyperthumbError(
        'refine is a whole number of steps, 0 for none, "best", or a mapping such as {"what": "encoder", "steps": 100} '
        f"with what: {' or '.join(REFINED)}, not {refine!r}"
    )


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool) and int(value) >= 0


def unknown_profile(name: str) -> str:
    """The message for a profile that does not exist."""
    hint = f"; {REMOVED_PROFILES[name]}" if name in REMOVED_PROFILES else ""
    return f"there is no profile {name}{hint} (known: {', '.join(PROFILES)})"
