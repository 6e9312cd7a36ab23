"""The data sets that options files can name: photographs, or photographs with reference thumbnails."""

from __future__ import annotations

import itertools
import math
import os
import warnings
from collections.abc import Sequence
from pathlib import PurePath, PurePosixPath
from typing import Any

from hyperthumb.base.errors import HyperthumbError, UnusableImageError
from hyperthumb.base.limits import RESTORED_TAG, SCALES, THUMBNAIL_TAG
from hyperthumb.base.registry import DATASETS
from hyperthumb.base.search import list_names
from hyperthumb.base.wording import printable

from .contract import ImagePair, ImageSource
from .lmdb_store import LmdbStore
from .stores import FolderStore, open_store


@DATASETS.register()
class HRImageDataset(ImageSource):
    """Photographs in one or several folders (with subfolders) or LMDB stores.

    A photograph's name is its path below the folder. If there are several folders, the folder's name is put in front:
    `a/0001` and `b/0001`.

    Args:
        dataroot_gt: a folder, a store `*.lmdb`, or a list of them. Training shows every photograph equally often. To
            show photographs twice as often, list their folder twice.
        io_backend: `{type: disk}` or `{type: lmdb}`, for all of them.

    Raises:
        HyperthumbError: when there are no pictures.
    """

    def __init__(self, dataroot_gt: str | list[str], io_backend: dict[str, Any] | None = None) -> None:
        roots = [dataroot_gt] if isinstance(dataroot_gt, str) else dataroot_gt
        if not roots:
            raise HyperthumbError("dataroot_gt: the list of folders is empty")
        stores = {root: _open_photographs(root, io_backend) for root in roots}
        self._places = [(stores[root], name) for root in roots for name in stores[root].names]
        prefixes = [f"{label}/" for label in _label_roots(roots)] if len(roots) > 1 else [""]
        self.names = [
            f"{prefix}{name}" for root, prefix in zip(roots, prefixes, strict=True) for name in stores[root].names
        ]

    def load(self, index: int) -> ImagePair:
        store, name = self._places[index]
        return ImagePair(self.names[index], store.read(name), None)

    def size(self, index: int) -> tuple[int, int]:
        store, name = self._places[index]
        return store.size(name)

    def label(self, index: int) -> str:
        store, name = self._places[index]
        return store.label(name)


def _label_roots(roots: Sequence[str]) -> list[str]:
    """A unique name without slashes for each root: the last part of its path, or as many parts as needed.

    `DIV2K/HR` and `Flickr2K/HR` become `DIV2K_HR` and `Flickr2K_HR`. A root that is listed again gets `-2`.
    """
    parts = [PurePath(os.path.abspath(root)).parts[1:] for root in roots]
    depth = 1
    while len({path[-depth:] for path in parts}) < len(set(parts)):
        depth += 1
    labels: list[str] = []
    for path in parts:
        plain = "_".join(path[-depth:])
        numbered = (f"{plain}-{number}" for number in itertools.count(2))
        labels.append(next(label for label in itertools.chain([plain], numbered) if label and label not in labels))
    return labels


def _open_photographs(root: str, io_backend: dict[str, Any] | None) -> FolderStore | LmdbStore:
    """Opens a store of photographs, see `open_store`.

    Warns:
        UserWarning: when `compress` or `restore` wrote some of them, judging by their names.
    """
    store = open_store(root, io_backend)
    ours = [name for name in store.names if name.endswith((THUMBNAIL_TAG, RESTORED_TAG))]
    if ours:
        listed = list_names(ours, "thumbnail or restored picture", "thumbnails and restored pictures")
        remedy = "move them to another folder, because a data set uses every picture as a photograph"
        warnings.warn(f"{printable(root)}: holds {listed}; {remedy}", stacklevel=3)
    return store


@DATASETS.register()
class PairedImageDataset(ImageSource):
    """Photographs and their reference thumbnails in two folders or stores, paired as in BasicSR.

    Args:
        dataroot_gt: the photographs.
        dataroot_lq: the thumbnails; None for photographs without thumbnails.
        filename_tmpl: makes a thumbnail's name from its photograph's, both without extension: "{}x4" pairs `a/b.png`
            with `a/bx4.png`.
        io_backend: `{type: disk}` or `{type: lmdb}`, for both folders.

    Raises:
        HyperthumbError: when there are no pictures, or a photograph has no thumbnail.
    """

    def __init__(
        self,
        dataroot_gt: str,
        dataroot_lq: str | None = None,
        filename_tmpl: str = "{}",
        io_backend: dict[str, Any] | None = None,
    ) -> None:
        if filename_tmpl.count("{}") != 1:
            raise HyperthumbError(
                f'filename_tmpl: "{filename_tmpl}" must contain {{}} once, for the name of the photograph'
            )
        self._hr = _open_photographs(dataroot_gt, io_backend)
        self.names = self._hr.names
        self._references: dict[str, str] = {}
        if dataroot_lq is None:
            return
        self._lq = open_store(dataroot_lq, io_backend)
        present = set(self._lq.names)
        for name in self.names:
            path = PurePosixPath(name)
            reference = path.with_name(filename_tmpl.replace("{}", path.name)).as_posix()
            if reference not in present:
                raise HyperthumbError(
                    f'{dataroot_lq}: lacks "{reference}" for the photograph "{name}" of {dataroot_gt}'
                )
            self._references[name] = reference

    def load(self, index: int) -> ImagePair:
        name = self.names[index]
        hr = self._hr.read(name)
        if not self._references:
            return ImagePair(name, hr, None)
        reference = self._lq.read(self._references[name])
        (height, width), small = hr.shape[:2], reference.shape[:2]
        if all((math.ceil(height / s), math.ceil(width / s)) != small for s in SCALES):
            raise UnusableImageError(
                f"{name}: its thumbnail of {small[1]}x{small[0]} is not 1/1, 1/2, 1/4 or 1/8 of "
                f"{width}x{height} (rounded up)"
            )
        return ImagePair(name, hr, reference)

    def size(self, index: int) -> tuple[int, int]:
        return self._hr.size(self.names[index])

    def label(self, index: int) -> str:
        return self._hr.label(self.names[index])

    def nbytes_decoded(self, index: int) -> int:
        total = super().nbytes_decoded(index)
        reference = self._references.get(self.names[index])
        if reference is None or total == 0:
            return total
        try:
            height, width = self._lq.size(reference)
        except UnusableImageError:
            return 0
        return total + 3 * height * width
