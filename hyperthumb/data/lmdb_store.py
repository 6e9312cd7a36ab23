"""Pictures in an LMDB store with BasicSR's layout: one file instead of thousands, for slow or shared disks.

A store is a folder `*.lmdb` with `data.mdb` and `lock.mdb` from LMDB, and `meta_info.txt` with lines of the form
`name.png (height,width,channels) compress_level`. The key is a picture's name without extension, the value a PNG file.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import lmdb
import numpy as np

from hyperthumb.base.errors import CorruptImageError, HyperthumbError
from hyperthumb.images.pictures import decode_picture

from .contract import leads_out

META_FILE, DATA_FILE = "meta_info.txt", "data.mdb"
_opening = threading.Lock()
_META_LINE = re.compile(r"(?P<name>.+\.\w+) \((?P<height>\d+), ?(?P<width>\d+)(, ?\d+)?\)( \d+)?")


class LmdbStore:
    """Reads a store; the interface is that of `FolderStore`.

    LMDB does not allow an environment to be open twice in a process, or to be used after a fork. Therefore the
    environment is opened for each picture, which takes 0.1 ms. Threads, forked workers and several data sets can share
    a store.

    Args:
        root: the folder `*.lmdb`.

    Raises:
        HyperthumbError: when it is not such a store, or it is truncated.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        try:
            lines = (self.root / META_FILE).read_text(encoding="utf-8-sig").splitlines()
        except OSError as error:
            raise HyperthumbError(f"{root}: not an LMDB store: its {META_FILE} cannot be read") from error
        except UnicodeDecodeError as error:
            raise HyperthumbError(f"{self.root / META_FILE}: is not UTF-8 text ({error.reason})") from error
        if not (self.root / DATA_FILE).is_file():
            raise HyperthumbError(f"{root}: not an LMDB store: it has no {DATA_FILE}")
        self._sizes: dict[str, tuple[int, int]] = {}
        for number, line in enumerate(lines, 1):
            match = _META_LINE.fullmatch(line.strip())
            if match is None:
                raise HyperthumbError(
                    f'{self.root / META_FILE}:{number}: "{line}" is not "name.png (height,width,3) 1"'
                )
            name = PurePosixPath(match["name"]).with_suffix("").as_posix()
            if leads_out(name) or not name.isprintable():
                raise HyperthumbError(
                    f'{self.root / META_FILE}:{number}: "{match["name"]}" cannot be the name of a picture: results are '
                    "stored under it, but it leads out of their folder or contains control characters"
                )
            if name in self._sizes:
                raise HyperthumbError(
                    f'{self.root / META_FILE}:{number}: a second picture is named "{name}"; names must be unique'
                )
            self._sizes[name] = int(match["height"]), int(match["width"])
        if not self._sizes:
            raise HyperthumbError(f"{root}: contains no pictures")
        self.names = sorted(self._sizes)
        with self._open():
            pass

    def read(self, name: str) -> np.ndarray:
        label = self.label(name)
        try:
            with self._open() as environment, environment.begin() as transaction:
                data = transaction.get(name.encode())
        except lmdb.Error as error:
            raise HyperthumbError(f"{label}: cannot be read ({error})") from error
        if data is None:
            raise CorruptImageError(f"{label}: is listed in {META_FILE} but missing from the store")
        return decode_picture(data, label).pixels

    @contextmanager
    def _open(self) -> Iterator[lmdb.Environment]:
        """Opens the store. A truncated one is refused, because reading beyond the end of a mapped file kills a process.

        Raises:
            HyperthumbError: when it cannot be opened, or is shorter than its meta page says.
        """
        with _opening:
            try:
                environment = lmdb.open(str(self.root), readonly=True, create=False, lock=False, readahead=False)
            except lmdb.Error as error:
                raise HyperthumbError(f"{self.root}: cannot be opened ({error}); copy the store again") from error
            with environment:
                needed = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
                length = (self.root / DATA_FILE).stat().st_size
                if length < needed:
                    raise HyperthumbError(
                        f"{self.root / DATA_FILE}: is truncated: it has {length:,} of {needed:,} bytes, "
                        "probably because copying was interrupted; copy the store again"
                    )
                yield environment

    def size(self, name: str) -> tuple[int, int]:
        return self._sizes[name]

    def label(self, name: str) -> str:
        return f"{self.root}/{name}"
