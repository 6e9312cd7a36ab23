"""Stores of pictures, a folder of files or an LMDB store, with the same interface."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from hyperthumb.base.errors import HyperthumbError

from .image_io import list_images, read_image, read_size
from .lmdb_store import LmdbStore


class FolderStore:
    """The pictures in a folder and its subfolders.

    `names` are the sorted paths below the root, without extension. `read` returns a picture as uint8 (H, W, 3) RGB, and
    `size` its (H, W) without decoding; both raise CorruptImageError or HyperthumbError.

    Raises:
        HyperthumbError: when there are no pictures, or two names differ only in their extension.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self._files: dict[str, str] = {}
        for file in list_images(root):
            name = PurePosixPath(file).with_suffix("").as_posix()
            if name in self._files:
                raise HyperthumbError(f"{root}: {self._files[name]} and {file} have the same name; rename one of them")
            self._files[name] = file
        self.names = sorted(self._files)

    def read(self, name: str) -> np.ndarray:
        return read_image(self.root / self._files[name])

    def size(self, name: str) -> tuple[int, int]:
        return read_size(self.root / self._files[name])

    def label(self, name: str) -> str:
        return str(self.root / self._files[name])


def open_store(root: str, io_backend: Mapping[str, Any] | None) -> FolderStore | LmdbStore:
    """Opens the store at `root`.

    Args:
        root: a folder of pictures, or a folder `*.lmdb`.
        io_backend: `{type: disk}` (or None) or `{type: lmdb}`.

    Raises:
        HyperthumbError: when the root is missing or empty, or the backend is unknown or does not fit the root.
    """
    backend = dict(io_backend or {"type": "disk"})
    kind = backend.pop("type", None)
    if kind not in ("disk", "lmdb") or backend:
        raise HyperthumbError(f"io_backend: must be {{type: disk}} or {{type: lmdb}}, not {dict(io_backend or {})}")
    is_lmdb = os.fspath(root).rstrip("/").endswith(".lmdb")
    if is_lmdb != (kind == "lmdb"):
        wanted = "lmdb" if is_lmdb else "disk"
        raise HyperthumbError(f"{root}: io_backend is {{type: {kind}}}, but this needs {{type: {wanted}}}")
    return LmdbStore(root) if is_lmdb else FolderStore(root)
