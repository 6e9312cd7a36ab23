"""`manifest.json` in the folder of a set that our scripts built: the selected pictures and their source files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.files import pretty_json, write_atomically

FILE_NAME = "manifest.json"


class ManifestEntry(NamedTuple):
    """A picture of the set.

    Attributes:
        file: its name in the set's folder.
        source: the path of its source file, relative to the source folder.
        height: the height of the upright picture in pixels.
        width: the width of the upright picture in pixels.
        sha256: its `pixel_digest`.
    """

    file: str
    source: str
    height: int
    width: int
    sha256: str


def write_manifest(folder: Path, rule: str, entries: Sequence[ManifestEntry]) -> None:
    """Writes the file; `rule` is a sentence that says how the pictures were selected and converted.

    Raises:
        HyperthumbError: when it cannot be written.
    """
    content = {"rule": rule, "pictures": [entry._asdict() for entry in entries]}
    write_atomically(folder / FILE_NAME, (pretty_json(content) + "\n").encode())


def read_manifest(folder: Path) -> list[ManifestEntry]:
    """Reads the list of pictures that should be in a folder.

    Raises:
        HyperthumbError: when the manifest is missing or damaged.
    """
    path = folder / FILE_NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        entries = [ManifestEntry(**entry) for entry in content["pictures"]]
    except OSError as error:
        raise HyperthumbError(
            f"{path}: cannot be read ({error.strerror or error}); build the set to create it"
        ) from error
    except (ValueError, TypeError, KeyError) as error:
        raise HyperthumbError(f"{path}: is damaged; build the set again") from error
    return entries
