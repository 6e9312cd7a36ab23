"""The folder of a gallery: any web server or bucket can serve it as it is.

    index.html, service.js, assets/   the page, as it ships with hyperthumb
    index.json                        what the page reads
    thumbnails/NAME.jpg               the photographs
    models/ID.onnx                    decoders

A thumbnail is in the index only after its file is complete, so the folder is a whole site at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
import time
from collections.abc import Collection, Sequence
from pathlib import Path

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.files import remove_scraps, write_atomically, writing
from hyperthumb.runtime.exported_engine import ExportedModel, graph_path
from hyperthumb.runtime.session import Session

from .index import DecoderEntry, Index, PhotographEntry, digest_of, read_index

PAGE = Path(__file__).parent / "page"
THUMBNAILS, MODELS = "thumbnails", "models"
_TITLE = "Photographs"
_SECONDS = 1.0
"""The index is written at most once in this time: that of 10,000 photographs has megabytes."""
_LONGEST_NAME = 80


class Site:
    """A site while photographs are added to it. Several threads may add.

    Args:
        folder: new, empty, or a gallery.
        model: the model of new thumbnails.
        title: None keeps the title that the site has.

    Raises:
        HyperthumbError: when the folder is not a gallery's, or cannot be written.
    """

    def __init__(self, folder: Path, model: ExportedModel, title: str | None = None) -> None:
        self.folder, self._model = folder, model
        self._was_folder = folder.is_dir()
        known = read_index(folder)
        self._is_new, before = known is None, known or Index(_TITLE, {}, [])
        self._title = before.title if title is None else title
        self._models = dict(before.models)
        self._entries = {entry.name: entry for entry in before.photographs}
        self._order = list(self._entries)
        self._lock, self._written = threading.Lock(), 0.0

    @property
    def names(self) -> list[str]:
        """Of all photographs in the site."""
        return list(self._entries)

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of all thumbnails, and of the photographs that they were made from."""
        entries = self._entries.values()
        return sum(entry.bytes for entry in entries), sum(entry.original_bytes for entry in entries)

    @property
    def model_id(self) -> str:
        """The id of the model of new thumbnails."""
        return self._model.model_id.hex()

    def prepare(self, names: Sequence[str]) -> None:
        """Writes page, decoder and index, so that there is a site before its first new photograph.

        Args:
            names: all photographs that the site will have, in the order in which the page shows them.
        """
        self._order = list(dict.fromkeys([*names, *self._entries]))
        self._write_page()
        self._models[self.model_id] = self._write_decoder()
        self.write()

    def has(self, name: str, made_from: str) -> bool:
        """Whether the site has this photograph's thumbnail already, undamaged."""
        entry = self._entries.get(name)
        if entry is None or entry.made_from != made_from:
            return False
        path = self.folder / entry.thumbnail
        with contextlib.suppress(OSError):
            return path.stat().st_size == entry.bytes and digest_of(path) == entry.digest
        return False

    def add(self, entry: PhotographEntry) -> None:
        """Adds a photograph whose thumbnail is written, or replaces it."""
        with self._lock:
            self._entries[entry.name] = entry
            if time.monotonic() - self._written > _SECONDS:
                self.write()

    def finish(self, gone: Collection[str]) -> None:
        """Leaves out these photographs, and removes the files that are no longer used."""
        self._entries = {name: entry for name, entry in self._entries.items() if name not in gone}
        used = {entry.model for entry in self._entries.values()}
        self._models = {model_id: model for model_id, model in self._models.items() if model_id in used}
        self.write()
        self._remove_others(THUMBNAILS, {entry.thumbnail for entry in self._entries.values()})
        self._remove_others(MODELS, {model.decoder for model in self._models.values()})

    def discard_new(self) -> bool:
        """Removes a new site that has no photograph when it is finished, and its folder unless that was there before.

        Returns:
            Whether there was such a site.
        """
        if self._entries or not self._is_new:
            return False
        names = [Path("index.json"), *_page_files()]
        for name in names:
            with writing(self.folder / name):
                (self.folder / name).unlink(missing_ok=True)
        folders = {self.folder / folder for name in names for folder in name.parents}
        folders |= {self.folder / MODELS, self.folder / THUMBNAILS}
        for folder in sorted(folders, key=lambda each: len(each.parts), reverse=True):
            if folder != self.folder or not self._was_folder:
                with contextlib.suppress(OSError):  # it has a file of someone else
                    folder.rmdir()
        return True

    def write(self) -> None:
        """Writes the index with the photographs that there are."""
        found = [self._entries[name] for name in self._order if name in self._entries]
        Index(self._title, self._models, found).write(self.folder)
        self._written = time.monotonic()

    def _write_page(self) -> None:
        if not (PAGE / "index.html").is_file():
            raise HyperthumbError("the gallery's page did not come with this copy of hyperthumb; install it again")
        files = _page_files()
        for name in files:
            _write_if_new(self.folder / name, (PAGE / name).read_bytes())
        self._remove_others("assets", {name.as_posix() for name in files})

    def _write_decoder(self) -> DecoderEntry:
        source = graph_path(self._model.path, "decoder")
        content = source.read_bytes()
        name = f"{MODELS}/{self.model_id}.onnx"
        _write_if_new(self.folder / name, content)
        reach = Session(source).manifest.reach
        return DecoderEntry(
            name=self._model.name,
            decoder=name,
            scale=self._model.scale,
            receptive_field=8 * reach if reach >= 0 else -1,
            bytes=len(content),
            digest=digest_of(self.folder / name),
        )

    def _remove_others(self, folder: str, used: set[str]) -> None:
        """Removes the files of one of the site's folders that are not used."""
        for path in sorted((self.folder / folder).glob("*")):
            if path.is_file() and path.relative_to(self.folder).as_posix() not in used:
                with writing(path):
                    path.unlink()
        remove_scraps(self.folder)


def _page_files() -> list[Path]:
    """The files of the page, relative to the site."""
    return [path.relative_to(PAGE) for path in sorted(PAGE.rglob("*")) if path.is_file()]


def made_from(photograph: Path, settings: Sequence[object]) -> str:
    """What a thumbnail is made from: changes with the photograph's file (size and time) and with the settings.

    Raises:
        OSError: when there is no such file.
    """
    status = photograph.stat()
    text = repr((status.st_size, status.st_mtime_ns, *settings))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def unique_names(paths: Sequence[Path]) -> list[str]:
    """A name for each photograph, from its path without extension; a number tells equal ones apart."""
    names: dict[str, None] = {}
    for path in paths:
        plain = path.with_suffix("").as_posix()
        name, count = plain, 1
        while name in names:
            count += 1
            name = f"{plain} ({count})"
        names[name] = None
    return list(names)


def thumbnail_path(name: str) -> str:
    """Where a photograph's thumbnail lies in the site; only characters that need no escape in a URL."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:_LONGEST_NAME].strip("-")
    # Names that were changed, and those that differ in upper and lower case alone, stay apart by their digest.
    changed = plain != name or plain != plain.lower()
    digest = f"-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}" if changed else ""
    return f"{THUMBNAILS}/{plain or 'photograph'}{digest}.jpg"


def _write_if_new(path: Path, content: bytes) -> None:
    """Leaves a file as it is that has this content: browsers and uploads then know that it has not changed."""
    with contextlib.suppress(OSError):
        if path.read_bytes() == content:
            return
    write_atomically(path, content)
