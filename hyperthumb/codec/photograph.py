"""Between photographs, a network, and what a file holds: the one path that the codec and the evaluator both take."""

from __future__ import annotations

import dataclasses
import math
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from hyperthumb.base.errors import HyperthumbError, ThumbnailError
from hyperthumb.base.limits import MAX_RESTORED_PIXELS
from hyperthumb.images.pixels import pad_to_multiple
from hyperthumb.jpeg.file import Header, JpegThumbnail
from hyperthumb.jpeg.matching import State
from hyperthumb.models.build import device_of
from hyperthumb.models.contract import Analysis, RescalingNetwork
from hyperthumb.models.inference import Analyzer, Restorer

from . import refinement


class AnalyzedPhotograph(NamedTuple):
    """A photograph on its way into a file: all that is expensive is done, the rate is still open.

    Attributes:
        analysis: of the padded photograph, one image.
        height: the photograph's own rows.
        width: its columns.
    """

    analysis: Analysis
    height: int
    width: int


class QuantizedPhotograph(NamedTuple):
    """A thumbnail that can be written, and the rate model's guess at its bits (None without a rate model)."""

    jpeg: JpegThumbnail
    estimated_bits: float | None


def analyze(analyzer: Analyzer, image: np.ndarray, tile: int | None = None) -> AnalyzedPhotograph:
    """Runs the encoder and chooses the quantization steps.

    Args:
        analyzer: the network, made ready.
        image: (H, W, 3) uint8 RGB of any size.
        tile: HR rows worked on at a time, see `Analyzer.analyze`; None chooses.

    Raises:
        HyperthumbError: for another kind of array, or one that is too large.
    """
    _check_image(image)
    height, width = image.shape[:2]
    _check_size(height, width)
    # As bytes, a quarter of the memory, to the device: whoever works on rows makes floats of them.
    padded = torch.from_numpy(pad_to_multiple(image, analyzer.network.multiple)).to(device_of(analyzer.network))
    return AnalyzedPhotograph(analyzer.analyze(padded.permute(2, 0, 1).unsqueeze(0), tile), height, width)


def refine(
    network: RescalingNetwork,
    photograph: AnalyzedPhotograph,
    image: np.ndarray,
    rate_scale: float,
    iterations: int,
    rate: nn.Module | None = None,
) -> AnalyzedPhotograph:
    """The photograph with coefficients that restore better when they are quantized at this rate scale: `refinement`.

    Args:
        network: the one that analyzed the photograph.
        photograph: what `analyze` gave.
        image: the (H, W, 3) uint8 RGB that it was given.
        rate_scale: multiplies the tables.
        iterations: steps of descent, 1 or more.
        rate: the rate model; None takes the network's own.

    Raises:
        HyperthumbError: for a network that cannot be refined for.
    """
    pixels = torch.from_numpy(np.require(image, requirements=["C", "W"])).to(device_of(network))
    hr = pixels.permute(2, 0, 1).unsqueeze(0)
    refined = refinement.refine(network, hr, photograph.analysis, rate_scale, iterations, rate)
    return photograph._replace(analysis=refined)


@torch.inference_mode()
def quantize(
    network: RescalingNetwork, photograph: AnalyzedPhotograph, rate_scale: float = 1.0, model_id: bytes | None = None
) -> QuantizedPhotograph:
    """What the file will hold.

    Args:
        network: the one that analyzed the photograph.
        photograph: what `analyze` gave.
        rate_scale: multiplies the tables; above 1, smaller files.
        model_id: of the network, for the file to say; None for one that has none.
    """
    batch = network.quantize(photograph.analysis, rate_scale)
    jpeg = JpegThumbnail(
        coefficients=batch.coefficients[0].cpu().numpy(),
        tables=batch.tables[0].cpu().numpy(),
        height=math.ceil(photograph.height / network.scale),
        width=math.ceil(photograph.width / network.scale),
        hr_height=photograph.height,
        hr_width=photograph.width,
        scale=network.scale,
        model_id=model_id,
    )
    return QuantizedPhotograph(jpeg, None if batch.bits is None else float(batch.bits[0]))


def check_restorable(header: Header, scale: int) -> None:
    """Refuses a file by its header alone: decoding the coefficients of one that is too large can take gigabytes.

    Args:
        header: of the file.
        scale: the model's, for a file that says none.

    Raises:
        ThumbnailError: for the thumbnail of a photograph too large.
    """
    _, frame, origins = header
    if origins:
        _check_size(*origins[0].photograph_size(frame.height, frame.width))
    else:
        _check_size(frame.height * scale, frame.width * scale)


def restore(restorer: Restorer, thumbnail: JpegThumbnail, tile: int | None = None) -> np.ndarray:
    """The photograph, uint8 (hr_height, hr_width, 3), from a thumbnail that knows its size: see `with_size`.

    Args:
        restorer: the network, made ready.
        thumbnail: what a file holds.
        tile: HR rows worked on at a time, see `Analyzer.analyze`; None chooses.

    Raises:
        ThumbnailError: for a thumbnail of another scale, or of a photograph too large.
    """
    scale = restorer.network.scale
    if thumbnail.scale != scale:
        raise ThumbnailError(
            f"the thumbnail is {thumbnail.scale} times smaller than its photograph, but this model enlarges "
            f"{scale} times; choose a model of scale {thumbnail.scale}"
        )
    assert thumbnail.hr_height is not None
    assert thumbnail.hr_width is not None
    _check_size(thumbnail.hr_height, thumbnail.hr_width)
    device = device_of(restorer.network)
    coefficients = torch.tensor(thumbnail.coefficients, device=device).unsqueeze(0)
    tables = torch.tensor(np.asarray(thumbnail.tables), device=device).unsqueeze(0)
    return restorer.restore(coefficients, tables, thumbnail.hr_height, thumbnail.hr_width, tile)


def with_size(
    thumbnail: JpegThumbnail, scale: int, size: tuple[int, int] | None = None, sideways: bool = False
) -> tuple[JpegThumbnail, list[str]]:
    """The thumbnail with its photograph's size and scale, and sentences on what of them had to be assumed.

    Args:
        thumbnail: what a file holds, with or without them.
        scale: the model's, for a file that says none.
        size: the photograph's (height, width), if the caller knows it.
        sideways: whether rows and columns change places before anyone sees the photograph; messages then say them so.

    Raises:
        ThumbnailError: when `size` contradicts the file.
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
                f"the photograph is taken to be {_in_words(size, sideways)}, {scale} times the picture in the file"
            )
    elif (math.ceil(size[0] / scale), math.ceil(size[1] / scale)) != (thumbnail.height, thumbnail.width):
        raise ThumbnailError(
            f"a photograph of {_in_words(size, sideways)} at scale {scale} has no thumbnail of "
            f"{_in_words((thumbnail.height, thumbnail.width), sideways)}"
        )
    return dataclasses.replace(thumbnail, hr_height=size[0], hr_width=size[1], scale=scale), notes


def _check_image(image: np.ndarray) -> None:
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        kind = f"{image.dtype} of shape {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise HyperthumbError(f"a photograph is a uint8 array of shape (height, width, 3), not {kind}")


def _in_words(size: tuple[int, int], sideways: bool = False) -> str:
    height, width = reversed(size) if sideways else size
    return f"{width}x{height}"


def _check_size(height: int, width: int) -> None:
    if height < 1 or width < 1:
        raise HyperthumbError(f"a photograph of {_in_words((height, width))} has no pixels")
    if height * width > MAX_RESTORED_PIXELS:
        raise ThumbnailError(
            f"a photograph of {_in_words((height, width))} is larger than {MAX_RESTORED_PIXELS:,} pixels"
        )
