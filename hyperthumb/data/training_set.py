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

from hyperthumb.errors import CorruptImageError, HyperthumbError

from .crops import apply_crop, draw_crop
from .damage import DamageRecord
from .order import image_index
from .source import ImagePair, ImageSource


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
        on_corrupt: a damaged photograph is an "error", or "skip" takes the next one of the epoch's order in its place.
        max_corrupt: how many damaged photographs are skipped at most.
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
    ) -> None:
        assert size % scale == 0
        self.source, self.seed, self.size, self.scale = source, seed, size, scale
        self.use_flip, self.use_rot = use_flip, use_rot
        self._damaged = DamageRecord(len(source), max_corrupt) if on_corrupt == "skip" else None

    def __getitem__(self, position: int) -> Sample:
        name, hr, reference = self._load(position)
        height, width = hr.shape[:2]
        if min(height, width) < self.size:
            raise HyperthumbError(_too_small(name, height, width, self.size))
        align = 1 if reference is None else self.scale
        crop = draw_crop(self.seed, position, height, width, self.size, self.use_flip, self.use_rot, align)
        if reference is not None:
            expected = (math.ceil(height / self.scale), math.ceil(width / self.scale))
            if reference.shape[:2] != expected:
                raise HyperthumbError(
                    f"{name}: its thumbnail is {reference.shape[1]}x{reference.shape[0]}; at scale {self.scale} "
                    f"that of {width}x{height} is {expected[1]}x{expected[0]}"
                )
            reference = apply_crop(reference, crop.shrink(self.scale))
        return Sample(apply_crop(hr, crop), reference, name)

    def _load(self, position: int) -> ImagePair:
        count = len(self.source)
        if self._damaged is None:
            return self.source.load(image_index(self.seed, position, count))
        epoch, place = divmod(position, count)
        for step in range(count):
            index = image_index(self.seed, epoch * count + (place + step) % count, count)
            if index in self._damaged:
                continue
            try:
                return self.source.load(index)
            except CorruptImageError as error:
                self._damaged.add(index, error)
        raise CorruptImageError("every photograph of the training set is damaged")


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


def refuse_small_images(source: ImageSource, size: int) -> None:
    """Looks at every header, before training starts rather than hours later.

    Raises:
        HyperthumbError: naming photographs that are smaller than crops of `size`.
    """
    with ThreadPoolExecutor(8) as pool:  # for network disks
        small = [line for line in pool.map(lambda index: _complaint(source, index, size), range(len(source))) if line]
    if small:
        more = f"\n... and {len(small) - 10} more" if len(small) > 10 else ""
        raise HyperthumbError("\n".join(small[:10]) + more)


def _complaint(source: ImageSource, index: int, size: int) -> str | None:
    try:
        height, width = source.size(index)
    except CorruptImageError:
        return None  # `load` will say so, or skip it
    return _too_small(source.names[index], height, width, size) if min(height, width) < size else None


def _too_small(name: str, height: int, width: int, size: int) -> str:
    return f"{name}: {width}x{height} is too small for training crops of {size}x{size}"
