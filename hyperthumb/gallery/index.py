"""The index of a gallery, `index.json`: what the page reads, and what a later run of the builder knows of the site."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.files import pretty_json, write_atomically
from hyperthumb.base.version import __version__

FORMAT = 1
NAME = "index.json"


@dataclass(frozen=True)
class DecoderEntry:
    """A model whose decoder is part of the site.

    Attributes:
        name: for people.
        decoder: the ONNX file, relative to the site.
        scale: 1, 2, 4 or 8.
        receptive_field: thumbnail pixels around a block that influence it; -1 where all may.
        bytes: size of the ONNX file.
        digest: of the ONNX file, see `digest_of`; the page makes it part of the file's address.
    """

    name: str
    decoder: str
    scale: int
    receptive_field: int
    bytes: int
    digest: str


@dataclass(frozen=True)
class PhotographEntry:
    """One photograph.

    Attributes:
        name: for people, unique in the site.
        thumbnail: the file, relative to the site, in characters that need no escape in a URL.
        bytes: size of the thumbnail.
        width: of the photograph.
        height: of the photograph.
        thumbnail_width: ceil(width / scale).
        thumbnail_height: ceil(height / scale).
        bpp: 8 * bytes / (height * width).
        model: id of the model that made the thumbnail, in hexadecimal.
        original_bytes: size of the photograph's own file.
        made_from: changes with the photograph's file and with the settings.
        digest: of the thumbnail, see `digest_of`; the page makes it part of the file's address.
    """

    name: str
    thumbnail: str
    bytes: int
    width: int
    height: int
    thumbnail_width: int
    thumbnail_height: int
    bpp: float
    model: str
    original_bytes: int
    made_from: str
    digest: str


@dataclass(frozen=True)
class Index:
    """The content of `index.json`."""

    title: str
    models: dict[str, DecoderEntry]
    photographs: list[PhotographEntry]

    def write(self, folder: Path) -> None:
        """Writes the index atomically."""
        content = {"format": FORMAT, "title": self.title, "generator": f"hyperthumb {__version__}"}
        lists = {
            "models": {model_id: dataclasses.asdict(model) for model_id, model in self.models.items()},
            "photographs": [dataclasses.asdict(photograph) for photograph in self.photographs],
        }
        write_atomically(folder / NAME, (pretty_json(content | lists) + "\n").encode())


def digest_of(path: Path) -> str:
    """The first 12 hexadecimal digits of a file's SHA-256; empty where the file cannot be read."""
    with contextlib.suppress(OSError):
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return ""


def read_index(folder: Path) -> Index | None:
    """The index of a site; None for a folder that is missing or empty. Digests that it lacks are computed.

    Raises:
        HyperthumbError: for a folder with other files, or with a damaged index.
    """
    path = folder / NAME
    if not path.is_file():
        if folder.is_dir() and any(folder.iterdir()):
            raise HyperthumbError(f"{folder} has files that are not a gallery's; give a new or an empty folder with -o")
        return None
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise HyperthumbError(f"{path} is of another version of hyperthumb; make the gallery in a new folder")
        photographs, models = content["photographs"], content["models"]
        for key, entries in (("thumbnail", photographs), ("decoder", models.values())):
            for entry in entries:
                if "digest" not in entry:  # hyperthumb 0.2.0 wrote none
                    entry["digest"] = digest_of(folder / entry[key])
        decoders = {model_id: DecoderEntry(**entry) for model_id, entry in models.items()}
        return Index(str(content["title"]), decoders, [PhotographEntry(**entry) for entry in photographs])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, HyperthumbError):
            raise
        raise HyperthumbError(f"{path} is damaged or not a gallery's; make the gallery in a new folder") from error
