"""Converts between photographs and the content of files with an engine. Codec and evaluator share this code."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hyperthumb.base.errors import HyperthumbError, ThumbnailError
from hyperthumb.base.limits import MAX_RESTORED_PIXELS, Precision, Refinement
from hyperthumb.images.padding import pad_to_multiple
from hyperthumb.images.pictures import Picture
from hyperthumb.images.profiles import rgb_profile
from hyperthumb.jpeg.file import Header, JpegThumbnail
from hyperthumb.jpeg.matching import State
from hyperthumb.jpeg.metadata import metadata_segments
from hyperthumb.runtime.engine import Analysis, Engine, Model

from .regions import Place, window

if TYPE_CHECKING:
    from hyperthumb.runtime.torch_engine import TorchEngine


class AnalyzedPhotograph(NamedTuple):
    """An analyzed photograph, which can be quantized at any rate.

    Attributes:
        analysis: the analysis of the padded photograph, a batch of one.
        height: the photograph's rows without padding.
        width: the photograph's columns without padding.
    """

    analysis: Analysis
    height: int
    width: int


class QuantizedPhotograph(NamedTuple):
    """A thumbnail that can be written, and the rate model's estimate of its bits (None without a rate model)."""

    jpeg: JpegThumbnail
    estimated_bits: float | None


class Restoration(NamedTuple):
    """A restored photograph.

    Attributes:
        image: uint8 (H, W, 3), oriented as a viewer shows the file: after the turns that other programs applied to the
            file, and after its EXIF orientation.
        notes: sentences about what was assumed or lost; empty for an unchanged file of hyperthumb.
        model: the model that restored it.
    """

    image: np.ndarray
    notes: list[str]
    model: Model


def checked_picture(image: np.ndarray | Picture, icc: bytes | None = None) -> Picture:
    """The photograph with the color profile and EXIF data that its file will hold.

    Raises:
        HyperthumbError: if these are invalid or too long.
    """
    picture = image if isinstance(image, Picture) else Picture(image)
    picture = picture if icc is None else picture._replace(icc=icc)
    if picture.icc is not None and not (isinstance(picture.icc, bytes) and rgb_profile(picture.icc)):
        raise HyperthumbError("icc must be the bytes of a complete color profile for RGB")
    metadata_segments(picture.icc, picture.exif)
    return picture


def analyze(engine: Engine, image: np.ndarray, tile: int | None = None) -> AnalyzedPhotograph:
    """Runs the encoder and chooses the quantization steps.

    Args:
        engine: runs the model.
        image: (H, W, 3) uint8 RGB of any size.
        tile: the number of HR rows to process at a time; None chooses.

    Raises:
        HyperthumbError: if the array is not such an image, or is too large.
    """
    _check_image(image)
    height, width = image.shape[:2]
    _check_size(height, width)
    return AnalyzedPhotograph(engine.analyze(pad_to_multiple(image, engine.multiple), tile), height, width)


def refine(
    engine: TorchEngine, photograph: AnalyzedPhotograph, image: np.ndarray, rate_scale: float, refinement: Refinement
) -> AnalyzedPhotograph:
    """Changes the analysis so that it restores better when quantized at this rate scale.

    Args:
        engine: the model that analyzed the photograph, in PyTorch.
        photograph: what `analyze` gave.
        image: the (H, W, 3) uint8 RGB that it was given.
        rate_scale: multiplies the tables.
        refinement: the number of steps, and what they change: see the modules `refinement` and `encoder_refinement`.

    Raises:
        HyperthumbError: if the network does not support this refinement.
    """
    from . import encoder_refinement  # import torch
    from . import refinement as coefficient_refinement

    hr, analysis = engine.as_tensor(image), engine.analysis_of(photograph.analysis)
    if refinement.what == "encoder":
        rate_model, steps = engine.rate_model, refinement.steps
        refined = encoder_refinement.refine(engine.network, rate_model, hr, analysis, rate_scale, steps)
    else:
        refined = coefficient_refinement.refine(engine.network, hr, analysis, rate_scale, refinement.steps)
    arrays = (each[0].cpu().numpy() for each in (refined.coefficients, refined.steps))
    return photograph._replace(analysis=Analysis(*arrays))


def quantize(
    engine: Engine, photograph: AnalyzedPhotograph, rate_scale: float = 1.0, model_id: bytes | None = None
) -> QuantizedPhotograph:
    """Computes the content of the file.

    Args:
        engine: the engine that analyzed the photograph.
        photograph: the result of `analyze`.
        rate_scale: multiplies the tables; above 1 it makes files smaller.
        model_id: the model's id, which is stored in the file; None if it has none.
    """
    quantized = engine.quantize(photograph.analysis, rate_scale)
    jpeg = JpegThumbnail(
        coefficients=quantized.coefficients,
        tables=quantized.tables,
        height=math.ceil(photograph.height / engine.scale),
        width=math.ceil(photograph.width / engine.scale),
        hr_height=photograph.height,
        hr_width=photograph.width,
        scale=engine.scale,
        model_id=model_id,
    )
    return QuantizedPhotograph(jpeg, quantized.estimated_bits)


def check_restorable(header: Header, scale: int) -> None:
    """Checks the size in the header before the coefficients are decoded, because that could take gigabytes.

    Args:
        header: the file's header.
        scale: the model's scale, for a file that does not state one.

    Raises:
        ThumbnailError: if the photograph is too large.
    """
    _, frame, origins = header
    if origins:
        _check_size(*origins[0].photograph_size(frame.height, frame.width))
    else:
        _check_size(frame.height * scale, frame.width * scale)


def restore(
    engine: Engine,
    thumbnail: JpegThumbnail,
    tile: int | None = None,
    precision: Precision = "fp32",
    place: Place | None = None,
) -> np.ndarray:
    """Restores the photograph, uint8 (hr_height, hr_width, 3), from a thumbnail with a known size (see `with_size`).

    A part of it is restored from its blocks and those that influence them (`Engine.reach`). Where the photograph ends,
    that window ends too, so padding is the same as in the whole restoration.

    Args:
        engine: runs the model.
        thumbnail: the content of a file.
        tile: the number of HR rows to process at a time; None chooses.
        precision: see `Engine.restore`.
        place: the rows and columns to restore, not empty and inside the photograph; None restores all.

    Raises:
        ThumbnailError: if the thumbnail has another scale, or the photograph is too large.
    """
    scale = engine.scale
    if thumbnail.scale != scale:
        raise ThumbnailError(
            f"the thumbnail is {thumbnail.scale} times smaller than its photograph, but this model enlarges "
            f"{scale} times; choose a model of scale {thumbnail.scale}"
        )
    assert thumbnail.hr_height is not None
    assert thumbnail.hr_width is not None
    _check_size(thumbnail.hr_height, thumbnail.hr_width)
    size = thumbnail.hr_height, thumbnail.hr_width
    if place is None:
        return engine.restore(thumbnail.coefficients, thumbnail.tables, size, tile, precision)
    side = 8 * scale
    seen = window(place, thumbnail.coefficients.shape[1:3], engine.reach, side)
    height, width = (min(part.stop * side, end) - part.start * side for part, end in zip(seen, size, strict=True))
    part = engine.restore(
        thumbnail.coefficients[:, seen[0], seen[1]], thumbnail.tables, (height, width), tile, precision
    )
    rows, columns = (
        slice(own.start - blocks.start * side, own.stop - blocks.start * side)
        for own, blocks in zip(place, seen, strict=True)
    )
    return np.ascontiguousarray(part[rows, columns])


def with_size(
    thumbnail: JpegThumbnail, scale: int, size: tuple[int, int] | None = None, sideways: bool = False
) -> tuple[JpegThumbnail, list[str]]:
    """Completes the thumbnail with its photograph's size and scale; also returns notes about what was assumed.

    Args:
        thumbnail: the content of a file, with or without size and scale.
        scale: the model's scale, for a file that does not state one.
        size: the photograph's (height, width), if the caller knows it.
        sideways: whether the photograph will be transposed; then messages swap height and width.

    Raises:
        ThumbnailError: if `size` contradicts the file.
    """
    scale = thumbnail.scale or scale
    said, notes = None, []
    if thumbnail.hr_height is not None and thumbnail.hr_width is not None:
        said = (thumbnail.hr_height, thumbnail.hr_width)
    is_certain = said is not None and thumbnail.state is not State.CUT
    if said is not None and is_certain and size not in (None, said):
        raise ThumbnailError(
            f"the file says that the photograph is {_in_words(said, sideways)}, not {_in_words(size, sideways)}"
        )
    if size is None:
        size = said or (thumbnail.height * scale, thumbnail.width * scale)
        if not is_certain:
            notes.append(
                f"the photograph is assumed to be {_in_words(size, sideways)}, {scale} times the picture in the file"
            )
    elif (math.ceil(size[0] / scale), math.ceil(size[1] / scale)) != (thumbnail.height, thumbnail.width):
        raise ThumbnailError(
            f"a thumbnail of {_in_words((thumbnail.height, thumbnail.width), sideways)} does not fit a photograph of "
            f"{_in_words(size, sideways)} at scale {scale}"
        )
    return dataclasses.replace(thumbnail, hr_height=size[0], hr_width=size[1], scale=scale), notes


def _check_image(image: np.ndarray) -> None:
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        kind = f"{image.dtype} of shape {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise HyperthumbError(f"a photograph must be a uint8 array of shape (height, width, 3), not {kind}")


def _in_words(size: tuple[int, int], sideways: bool = False) -> str:
    height, width = reversed(size) if sideways else size
    return f"{width}x{height}"


def _check_size(height: int, width: int) -> None:
    if height < 1 or width < 1:
        raise HyperthumbError(f"a photograph of {_in_words((height, width))} has no pixels")
    if height * width > MAX_RESTORED_PIXELS:
        raise ThumbnailError(
            f"a photograph of {_in_words((height, width))} has more than {MAX_RESTORED_PIXELS:,} pixels, the maximum"
        )


def metadata_hint(picture: Picture, max_bytes: int) -> str:
    """Advice for a picture whose profile and EXIF data take more than half of the allowed bytes."""
    sizes = {
        "color profile takes {} bytes (use --icc srgb to omit it)": len(metadata_segments(picture.icc, None)),
        "EXIF data take {} bytes (use --exif none to omit them)": len(metadata_segments(None, picture.exif)),
    }
    if 2 * sum(sizes.values()) <= max_bytes:
        return ""
    return "; its " + " and its ".join(text.format(f"{size:,}") for text, size in sizes.items() if size)
