"""`manifest.json` beside the pictures of a set that was built here: what was chosen, and from which files."""

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
        source: the file that it was made of, below the folder it came from.
        height: in pixels, upright.
        width: likewise.
        sha256: `pixel_digest` of it.
    """

    file: str
    source: str
    height: int
    width: int
    sha256: str


def write_manifest(folder: Path, rule: str, entries: Sequence[ManifestEntry]) -> None:
    """Writes the file; `rule` says in a sentence how the pictures were chosen and converted.

    Raises:
        HyperthumbError: when it cannot be written.
    """
    content = {"rule": rule, "pictures": [entry._asdict() for entry in entries]}
    write_atomically(folder / FILE_NAME, (pretty_json(content) + "\n").encode())


def read_manifest(folder: Path) -> list[ManifestEntry]:
    """The pictures that should be in a folder.

    Raises:
        HyperthumbError: when there is no manifest, or it is damaged.
    """
    path = folder / FILE_NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        entries = [ManifestEntry(**entry) for entry in content["pictures"]]
    except OSError as error:
        raise HyperthumbError(
            f"{path}: cannot be read ({error.strerror or error}); building the set writes it"
        ) from error
    except (ValueError, TypeError, KeyError) as error:
        raise HyperthumbError(f"{path}: is damaged; build the set anew") from error
    return entries
