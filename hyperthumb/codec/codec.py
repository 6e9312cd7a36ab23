"""hyperthumb as a library: compresses photographs to thumbnail files and restores them with a model."""

from __future__ import annotations

import math
import os
import threading
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hyperthumb.base import limits
from hyperthumb.base.errors import HyperthumbError, ThumbnailError, ThumbnailWarning
from hyperthumb.base.orientation import STEPS
from hyperthumb.base.wording import in_bytes
from hyperthumb.images.pictures import Picture, read_presentation, turn
from hyperthumb.jpeg.any_file import read_any
from hyperthumb.jpeg.backends import find_backend
from hyperthumb.jpeg.file import JpegThumbnail, read_header, write_jpeg
from hyperthumb.jpeg.matching import State
from hyperthumb.models.zoo import find_model, find_model_of, is_shipped
from hyperthumb.runtime.engine import Engine, Model

from .engines import open_engine
from .photograph import (
    AnalyzedPhotograph,
    Restoration,
    analyze,
    check_restorable,
    checked_picture,
    metadata_hint,
    quantize,
    restore,
    with_size,
)
from .photograph import refine as refine_photograph
from .rate_control import RatedFile, check_positive, check_wish, find_rate, find_refined_rate, in_bpp
from .regions import find_place
from .slope import Tried, find_slope, tried

if TYPE_CHECKING:
    from hyperthumb.runtime.torch_engine import TorchEngine


def load(
    name_or_path: str | os.PathLike[str] | None = None,
    device: str = "auto",
    backend: limits.Backend = "jpeglib",
    engine: limits.Engine = "auto",
    encoder_precision: limits.GraphPrecision = "fp32",
) -> Codec:
    """See `hyperthumb.load`."""

    def open_codec(path: Path, encoder_precision: limits.GraphPrecision = "fp32") -> Codec:
        return Codec(*open_engine(path, engine, device, encoder_precision), backend)

    codec = open_codec(find_model(name_or_path), encoder_precision)
    codec.open_other = open_codec if name_or_path is None else None
    return codec


class Codec:
    """Compresses and restores photographs with a model.

        image -> analyze -> quantize at a rate -> write_jpeg -> bytes -> read -> restore -> image
                                  '--- find_rate ---'

    Several threads may share a codec.

    Args:
        model: the model's name, scale and id.
        engine: runs the model.
        backend: jpeglib or torchjpeg.
        open_other: opens another shipped model, to restore that model's thumbnails. With None, this model restores
            them, with a warning.

    Raises:
        ThumbnailError: if the backend is not installed.
    """

    def __init__(
        self,
        model: Model,
        engine: Engine,
        backend: limits.Backend = "jpeglib",
        open_other: Callable[[Path], Codec] | None = None,
    ) -> None:
        find_backend(backend)
        self.model, self.engine, self.backend, self.open_other = model, engine, backend, open_other
        self._others: dict[bytes, Codec] = {model.model_id: self}
        self._others_lock, self._torch_lock = threading.Lock(), threading.Lock()
        self._torch: TorchEngine | None = None

    def __repr__(self) -> str:
        return f"Codec({self.model.name!r}, scale {self.model.scale}, model id {self.model.model_id.hex()})"

    def compress(
        self,
        image: np.ndarray | Picture,
        bpp: float | None = None,
        max_bytes: int | None = None,
        rate_scale: float | None = None,
        profile: limits.Profile = "small",
        icc: bytes | None = None,
        tile: int | None = None,
        refine: limits.Refine = 0,
    ) -> bytes:
        """Compresses a photograph to the bytes of a thumbnail file.

        Give at most one of bpp, max_bytes and rate_scale. Without them, the model chooses the rate.

        Args:
            image: (H, W, 3) uint8 RGB of any size, or the result of `hyperthumb.read_picture`, whose color profile and
                EXIF data are then stored in the file and count toward its size.
            bpp: the maximum bits of the file per pixel of the photograph. The file is as large as the tables allow.
            max_bytes: the maximum bytes of the file. The file is smaller if even tables of 1, the finest, need fewer.
            rate_scale: multiplies the tables: 1 is the model's choice, larger values make smaller files.
            profile: how the file is coded, see `write_jpeg`; small is the smallest.
            icc: an RGB color profile to store in the file instead of the picture's own.
            tile: the number of HR rows to process at a time; None chooses.
            refine: the number of steps that improve the thumbnail for its decoder, see `refinement`; 0 for none, "best"
                for as many as pay; {"what": "encoder", "steps": 100} for steps that train a copy of the encoder, see
                `encoder_refinement`. They need PyTorch. With bpp or max_bytes, refinement may run up to three times.

        Raises:
            ThumbnailError: if no file is small enough; the message states the least size.
            HyperthumbError: if the image or an argument is invalid, or the model does not support refinement.
        """
        return self.compress_with_rate_scale(image, bpp, max_bytes, rate_scale, profile, icc, tile, refine).data

    def compress_with_rate_scale(
        self,
        image: np.ndarray | Picture,
        bpp: float | None = None,
        max_bytes: int | None = None,
        rate_scale: float | None = None,
        profile: limits.Profile = "small",
        icc: bytes | None = None,
        tile: int | None = None,
        refine: limits.Refine = 0,
    ) -> RatedFile:
        """Does the same as `compress`, and also returns the rate scale."""
        check_wish(bpp, max_bytes, rate_scale)
        refinement = limits.find_refinement(refine)
        picture = checked_picture(image, icc)
        if refinement:
            self._in_torch()  # raises errors before the slow steps
        photograph = analyze(self.engine, picture.pixels, tile)

        def write(scale: float, analyzed: AnalyzedPhotograph = photograph) -> bytes:
            return self._write(picture, analyzed, scale, profile)

        def write_refined(scale: float) -> bytes:
            assert refinement is not None
            return write(scale, refine_photograph(self._in_torch(), photograph, picture.pixels, scale, refinement))

        if max_bytes is None and bpp is None:
            scale = 1.0 if rate_scale is None else rate_scale
            return RatedFile(write_refined(scale) if refinement else write(scale), scale)
        steps = photograph.analysis.steps
        pixels = photograph.height * photograph.width

        # The small addend keeps rounding errors from losing a byte.
        most = max_bytes if bpp is None else math.floor(bpp * pixels / 8 + 1e-6)
        assert most is not None
        try:
            plain = find_rate(steps, write, most, in_bytes if bpp is None else partial(in_bpp, pixels))
        except ThumbnailError as error:
            raise ThumbnailError(f"{error}{metadata_hint(picture, most)}") from error
        return find_refined_rate(steps, write, write_refined, most, plain) if refinement else plain

    def compress_at_slope(
        self, image: np.ndarray | Picture, slope: float, profile: limits.Profile = "small", tile: int | None = None
    ) -> RatedFile:
        """Compresses a photograph to the rate at which one more bit per pixel would gain `slope` dB of PSNR.

        Photographs of a batch at the same slope have the best mean PSNR for their mean rate. The search restores
        about six files. For the arguments and errors see `compress`.
        """
        check_positive("slope", slope)
        picture = checked_picture(image)
        photograph = analyze(self.engine, picture.pixels, tile)

        def measure(scale: float) -> Tried:
            data = self._write(picture, photograph, scale, profile)
            return tried(data, scale, picture.pixels, self.restore(data, tile))

        return find_slope(measure, slope)

    def _write(self, picture: Picture, analyzed: AnalyzedPhotograph, scale: float, profile: limits.Profile) -> bytes:
        jpeg = quantize(self.engine, analyzed, scale, self.model.model_id).jpeg
        return write_jpeg(jpeg, profile, self.backend, icc=picture.icc, exif=picture.exif)

    def restore(
        self,
        data: bytes,
        tile: int | None = None,
        precision: limits.Precision = "fp32",
        size: tuple[int, int] | None = None,
        region: Sequence[int] | None = None,
    ) -> np.ndarray:
        """Restores the photograph of a thumbnail file, uint8 (H, W, 3), oriented as a viewer shows the file.

        Args:
            data: the file's bytes.
            tile: the number of HR rows to process at a time; None chooses.
            precision: fp32; bf16, which needs PyTorch and is faster on some processors; or fp16 or int8, which need an
                engine other than PyTorch, and a decoder that was exported in this precision beside the model file.
            size: the (height, width) of the whole returned photograph, for a file that does not state it any more.
            region: left, top, width and height of a part of that photograph; only this part is restored and returned,
                with the same pixels as in the whole.

        Raises:
            ThumbnailError: if the bytes are not a JPEG file, the file is damaged, or the model has another scale.
            HyperthumbError: if the region is empty or not inside the photograph.

        Warns:
            ThumbnailWarning: if the file was changed or made by another model. It says what was assumed.
            OptionsWarning: if the precision has no effect on the model.
        """
        restored = self.restore_with_notes(data, tile, precision, size, region)
        for note in restored.notes:
            warnings.warn(note, ThumbnailWarning, stacklevel=2)
        return restored.image

    def restore_with_notes(
        self,
        data: bytes,
        tile: int | None = None,
        precision: limits.Precision = "fp32",
        size: tuple[int, int] | None = None,
        region: Sequence[int] | None = None,
    ) -> Restoration:
        """Does the same as `restore`, but returns the warnings, so that threads do not mix them up."""
        if not isinstance(data, bytes):
            raise HyperthumbError(f"restore needs the bytes of a file, not {type(data).__name__}")
        check_restorable(read_header(data), self.model.scale)
        thumbnail, notes = read_any(data, self.backend, self._is_known)
        maker, orientation = self._maker_of(thumbnail), read_presentation(data).orientation
        image, assumed = maker._restore(thumbnail, orientation, tile, precision, size, region)
        return Restoration(image, [*notes, *assumed], maker.model)

    def _restore(
        self,
        thumbnail: JpegThumbnail,
        orientation: int,
        tile: int | None,
        precision: limits.Precision,
        size: tuple[int, int] | None,
        region: Sequence[int] | None,
    ) -> tuple[np.ndarray, list[str]]:
        """Restores the photograph as a viewer shows a file with this EXIF orientation; also returns the notes."""
        sideways = STEPS[thumbnail.orientation].transposes != STEPS[orientation].transposes
        if size is not None and sideways:
            size = size[1], size[0]
        thumbnail, notes = with_size(thumbnail, self.model.scale, size, sideways)
        if thumbnail.state is State.UNMARKED:
            notes.append(f"the model is assumed to be {self.model.name}")
        if thumbnail.model_id is not None and thumbnail.model_id != self.model.model_id:
            notes.append(
                f"the thumbnail was made by another model ({thumbnail.model_id.hex()}) than {self.model.name} "
                f"({self.model.model_id.hex()}), so the restored photograph may be poor"
            )
        turns = (thumbnail.orientation, orientation)
        assert thumbnail.hr_height is not None
        assert thumbnail.hr_width is not None
        place = None if region is None else find_place(region, (thumbnail.hr_height, thumbnail.hr_width), turns)
        engine = self._in_torch() if precision == "bf16" else self.engine
        image = restore(engine, thumbnail, tile, precision, place)
        return turn(turn(image, turns[0]), turns[1]), notes

    def _maker_of(self, thumbnail: JpegThumbnail) -> Codec:
        """The codec of the model that made a file; this codec if that is unknown or `open_other` is None."""
        model_id = thumbnail.model_id
        if self.open_other is None or model_id is None:
            return self
        with self._others_lock:
            if model_id not in self._others:
                path = find_model_of(model_id)
                self._others[model_id] = self if path is None else self.open_other(path)
            return self._others[model_id]

    def _is_known(self, model_id: bytes) -> bool:
        return model_id == self.model.model_id or is_shipped(model_id)

    def _in_torch(self) -> TorchEngine:
        """The model in PyTorch, with gradients and bfloat16."""
        with self._torch_lock:
            if self._torch is None:
                self._torch = self.engine.in_torch()
            return self._torch
