"""Crops out of full photographs, one for each place of a training run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from hyperthumb.base.errors import UnusableImageError

from .contract import ImagePair, ImageSource
from .crops import apply_crop, draw_crop
from .damage import DamageRecord
from .order import image_index
from .reading import ReadingRecord


class Sample(NamedTuple):
    """One crop: uint8 (size, size, 3), its reference uint8 (size / s, size / s, 3) or None, its photograph's name."""

    hr: np.ndarray
    reference: np.ndarray | None
    name: str


class TrainingBatch(NamedTuple):
    """One micro-batch.

    Attributes:
        hr: (B, 3, size, size) uint8 RGB.
        reference: (B, 3, size / s, size / s) uint8 RGB thumbnails, or None: the bicubic downscale is computed then.
        names: the B photographs.
    """

    hr: Tensor
    reference: Tensor | None
    names: list[str]


class TrainingSet(Dataset[Sample]):
    """Photographs by place: `training_set[position]` depends on the seed, the position and the pictures alone.

    Args:
        source: the photographs.
        seed: the run's.
        size: the crops' side in HR pixels, a multiple of `scale`.
        scale: of the thumbnails; crops of photographs with references are aligned to it.
        use_flip: see `draw_crop`.
        use_rot: see `draw_crop`.
        on_corrupt: a photograph that cannot be used (damaged, of a kind that is not supported, smaller than the crops,
            with a thumbnail of the wrong size) is an "error", or "skip" takes the next one of the epoch's order in its
            place.
        max_corrupt: how many such photographs are skipped at most.
        workers: how many processes besides this one read from it.
    """

    def __init__(
        self,
        source: ImageSource,
        *,
        seed: int,
        size: int,
        scale: int,
        use_flip: bool = True,
        use_rot: bool = True,
        on_corrupt: Literal["error", "skip"] = "error",
        max_corrupt: int = 10,
        workers: int = 0,
    ) -> None:
        assert size % scale == 0
        self.source, self.seed, self.size, self.scale = source, seed, size, scale
        self.use_flip, self.use_rot = use_flip, use_rot
        self.reading = ReadingRecord(workers)
        self._unusable = DamageRecord(len(source), max_corrupt) if on_corrupt == "skip" else None

    def look_at_headers(self) -> None:
        """Finds photographs that cannot be used by their headers, before training starts rather than hours later.

        Raises:
            UnusableImageError: naming those that are smaller than the crops or are no pictures; where they are skipped,
                when they are too many.
        """
        complaints = unusable_headers(self.source, self.size)
        if self._unusable is not None:
            for index, error in complaints.items():
                self._unusable.add(index, error)
        elif complaints:
            lines = [str(error) for error in complaints.values()]
            more = f"\n... and {len(lines) - 10} more" if len(lines) > 10 else ""
            raise UnusableImageError("\n".join(lines[:10]) + more)

    def __getitem__(self, position: int) -> Sample:
        name, hr, reference = self._load(position)
        height, width = hr.shape[:2]
        align = 1 if reference is None else self.scale
        crop = draw_crop(self.seed, position, height, width, self.size, self.use_flip, self.use_rot, align)
        if reference is not None:
            reference = apply_crop(reference, crop.shrink(self.scale))
        return Sample(apply_crop(hr, crop), reference, name)

    def _load(self, position: int) -> ImagePair:
        count = len(self.source)
        if self._unusable is None:
            return self._read(image_index(self.seed, position, count))
        epoch, place = divmod(position, count)
        for step in range(count):
            index = image_index(self.seed, epoch * count + (place + step) % count, count)
            if index in self._unusable:
                continue
            try:
                return self._read(index)
            except UnusableImageError as error:
                self._unusable.add(index, error)
        raise UnusableImageError("every photograph of the training set was skipped: none can be used")

    def _read(self, index: int) -> ImagePair:
        """A photograph that crops can be cut from."""
        with self.reading.of(index):
            pair = self.source.load(index)
        name, hr, reference = pair
        height, width = hr.shape[:2]
        if min(height, width) < self.size:
            raise _too_small(name, height, width, self.size)
        expected = (math.ceil(height / self.scale), math.ceil(width / self.scale))
        if reference is not None and reference.shape[:2] != expected:
            raise UnusableImageError(
                f"{name}: its thumbnail is {reference.shape[1]}x{reference.shape[0]}; at scale {self.scale} "
                f"that of {width}x{height} is {expected[1]}x{expected[0]}"
            )
        return pair


def collate(samples: Sequence[Sample]) -> TrainingBatch:
    """Samples of one source as one batch."""
    references = [sample.reference for sample in samples if sample.reference is not None]
    assert len(references) in (0, len(samples))
    return TrainingBatch(
        _to_tensor([sample.hr for sample in samples]),
        _to_tensor(references) if references else None,
        [sample.name for sample in samples],
    )


def _to_tensor(images: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(np.stack(images).transpose(0, 3, 1, 2)))


def unusable_headers(source: ImageSource, size: int) -> dict[int, UnusableImageError]:
    """Looks at every header; what is wrong, by index: a damaged one, or a photograph smaller than crops of `size`."""

    def complaint(index: int) -> UnusableImageError | None:
        try:
            height, width = source.size(index)
        except UnusableImageError as error:
            return error
        return _too_small(source.names[index], height, width, size) if min(height, width) < size else None

    with ThreadPoolExecutor(8) as pool:  # for network disks
        found = enumerate(pool.map(complaint, range(len(source))))
        return {index: error for index, error in found if error is not None}


def _too_small(name: str, height: int, width: int, size: int) -> UnusableImageError:
    return UnusableImageError(f"{name}: {width}x{height} is too small for training crops of {size}x{size}")
