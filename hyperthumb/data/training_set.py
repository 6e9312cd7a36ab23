"""Crops of photographs, one for each place of a training run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from hyperthumb.base.errors import UnusableImageError
from hyperthumb.config import DatasetOptions

from .contract import ImagePair, ImageSource
from .crops import apply_crop, draw_crop
from .order import image_index
from .reading import ReadingRecord
from .unusable import UnusableRecord, too_small, unusable_headers


class TrainingBatch(NamedTuple):
    """One micro-batch.

    Attributes:
        hr: (B, 3, size, size) uint8 RGB.
        reference: (B, 3, size / s, size / s) uint8 RGB thumbnails; None means that the bicubic downscale is computed.
        names: the names of the B photographs.
        places: the places of the B crops in the run (`hyperthumb.data.order`).
    """

    hr: Tensor
    reference: Tensor | None
    names: list[str]
    places: list[int]


class TrainingSet(Dataset[ImagePair]):
    """Crops by place, uint8 (size, size, 3), with their references (size / s, size / s, 3) if there are any.

    `training_set[place]` depends only on the seed, the place and the photographs.

    Args:
        source: the photographs.
        options: `gt_size` is the crops' side in HR pixels, a multiple of `scale`. With `on_corrupt: skip`, a photograph
            that cannot be used (damaged, unsupported, smaller than the crops, or with a thumbnail of the wrong size) is
            replaced by the next one in the epoch's order.
        scale: the thumbnails' scale; crops of photographs with references are aligned to it.
        seed: the run's seed.
    """

    def __init__(self, source: ImageSource, options: DatasetOptions, scale: int, seed: int) -> None:
        self.source, self.options, self.scale, self.seed = source, options, scale, seed
        self.size = options.crop_size
        assert self.size % scale == 0
        self.reading = ReadingRecord(options.num_worker_per_gpu)
        skips = options.on_corrupt == "skip"
        self._unusable = UnusableRecord(len(source), options.max_corrupt) if skips else None

    def check_headers(self) -> None:
        """Checks the headers of all photographs, so that errors are found before training starts.

        Raises:
            UnusableImageError: names files that are not pictures or are smaller than the crops. If the options skip
                such files, it is raised when there are too many.
        """
        complaints = unusable_headers(self.source, self.size)
        if self._unusable is not None:
            for index, error in complaints.items():
                self._unusable.add(index, error)
        elif complaints:
            lines = [str(error) for error in complaints.values()]
            more = f"\n... and {len(lines) - 10} more" if len(lines) > 10 else ""
            remedy = "give smaller crops (gt_size), or pass over such pictures (on_corrupt: skip)"
            raise UnusableImageError("\n".join(lines[:10]) + f"{more}\n{remedy}")

    def __getitem__(self, place: int) -> ImagePair:
        name, hr, reference = self._load(place)
        align = 1 if reference is None else self.scale
        height, width = hr.shape[:2]
        use_flip, use_rot = self.options.use_flip, self.options.use_rot
        crop = draw_crop(self.seed, place, height, width, self.size, use_flip, use_rot, align)
        if reference is not None:
            reference = apply_crop(reference, crop.shrink(self.scale))
        return ImagePair(name, apply_crop(hr, crop), reference)

    def _load(self, place: int) -> ImagePair:
        count = len(self.source)
        if self._unusable is None:
            return self._read(image_index(self.seed, place, count))
        epoch, start = divmod(place, count)
        for step in range(count):
            index = image_index(self.seed, epoch * count + (start + step) % count, count)
            if index in self._unusable:
                continue
            try:
                return self._read(index)
            except UnusableImageError as error:
                self._unusable.add(index, error)
        raise UnusableImageError("every photograph of the training set was skipped: none can be used")

    def _read(self, index: int) -> ImagePair:
        """Reads a photograph, and checks that it is as large as a crop and that its thumbnail fits."""
        with self.reading.of(index):
            pair = self.source.load(index)
        name, hr, reference = pair
        height, width = hr.shape[:2]
        if min(height, width) < self.size:
            raise too_small(name, height, width, self.size)
        expected = (math.ceil(height / self.scale), math.ceil(width / self.scale))
        if reference is not None and reference.shape[:2] != expected:
            raise UnusableImageError(
                f"{name}: its thumbnail is {reference.shape[1]}x{reference.shape[0]}; at scale {self.scale} "
                f"the thumbnail of {width}x{height} must be {expected[1]}x{expected[0]}"
            )
        return pair


def collate(samples: Sequence[ImagePair], places: list[int]) -> TrainingBatch:
    """Stacks samples of one source to a batch."""
    references = [sample.reference for sample in samples if sample.reference is not None]
    assert len(references) in (0, len(samples))
    return TrainingBatch(
        _to_tensor([sample.hr for sample in samples]),
        _to_tensor(references) if references else None,
        [sample.name for sample in samples],
        places,
    )


def _to_tensor(images: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(np.stack(images).transpose(0, 3, 1, 2)))
