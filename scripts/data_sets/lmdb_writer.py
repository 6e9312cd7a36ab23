"""Writes LMDB stores in BasicSR's layout, see `hyperthumb.data.lmdb_store`."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import lmdb

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.files import make_folder
from hyperthumb.data import ImageSource
from hyperthumb.data.image_io import encode_png
from hyperthumb.data.lmdb_store import META_FILE


def write_lmdb(
    source: ImageSource, target: str | Path, compress_level: int = 1, progress: Iterable[int] | None = None
) -> None:
    """Writes all photographs of a source to a new store, atomically.

    Args:
        source: the photographs; reference thumbnails are not stored.
        target: the folder to create; its name ends in `.lmdb`.
        compress_level: the PNG compression level, 0..9. Level 1 is fast and compresses nearly as well as the others.
        progress: the indices 0 .. len(source) - 1 wrapped in a progress bar, or None.

    Raises:
        HyperthumbError: when the target exists or does not end in `.lmdb`, or a picture cannot be used.
    """
    target = Path(target)
    if target.suffix != ".lmdb":
        raise HyperthumbError(f"{target}: the name of an LMDB store must end in .lmdb")
    if target.exists():
        raise HyperthumbError(f"{target}: already exists")
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    make_folder(partial)
    # A PNG is at most a little larger than its pixels. LMDB adds up to a page of 4 KiB to each value.
    room = sum(source.nbytes_decoded(index) for index in range(len(source)))
    map_size = int(1.1 * room) + 16384 * len(source) + (1 << 24)
    try:
        with lmdb.open(str(partial), map_size=map_size, sync=False) as environment:
            lines = _fill(environment, source, compress_level, range(len(source)) if progress is None else progress)
        (partial / META_FILE).write_text("".join(lines), encoding="utf-8")
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _fill(environment: lmdb.Environment, source: ImageSource, compress_level: int, indices: Iterable[int]) -> list[str]:
    lines = []
    for index in indices:
        name, hr, _ = source.load(index)
        try:
            with environment.begin(write=True) as transaction:
                transaction.put(name.encode(), encode_png(hr, compress_level))
        except lmdb.Error as error:
            raise HyperthumbError(f"{name}: cannot be stored ({error})") from error
        lines.append(f"{name}.png ({hr.shape[0]},{hr.shape[1]},3) {compress_level}\n")
    environment.sync(True)
    return lines
