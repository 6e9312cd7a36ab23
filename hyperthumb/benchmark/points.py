"""Finished scores on disk, image by image: a run that was stopped, or added to, measures only what is missing.

points/<digest>.json      a row at one setting: its facts, and the scores of each photograph, by the photograph's digest
points/<digest>/*.png     details that it restored
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.files import write_atomically
from hyperthumb.metrics import ImageScores

from .identity import digest
from .results import Facts, from_plain


@dataclasses.dataclass(frozen=True)
class StoredImage:
    """One image's scores, and the device that they were taken on."""

    device: str
    scores: ImageScores


@dataclasses.dataclass(frozen=True)
class _Content:
    facts: Facts | None
    images: dict[str, StoredImage]


class StoredPoint:
    """A row at one setting, in the folder of all points.

    `identity` is everything that its scores depend on; the file keeps it for the reader's information.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any]) -> None:
        self._identity = dict(identity)
        key = digest(self._identity)[:32]
        self._path = folder / f"{key}.json"
        self._folder = folder / key
        self._content = self._load()

    @property
    def facts(self) -> Facts | None:
        """What is known of the method; None before anything was measured."""
        return self._content.facts

    def find(self, image: str) -> StoredImage | None:
        """The scores of the photograph with this digest, if there are any."""
        return self._content.images.get(image)

    def add(self, image: str, stored: StoredImage, facts: Facts) -> None:
        """Keeps an image's scores, on disk at once.

        Raises:
            HyperthumbError: when the folder cannot be written to.
        """
        self._content = _Content(facts, {**self._content.images, image: stored})
        content = {"identity": self._identity, **dataclasses.asdict(self._content)}
        write_atomically(self._path, json.dumps(content, default=str, allow_nan=False).encode())

    def crop(self, image: str, box: tuple[int, int, int, int]) -> Path:
        """Where a detail of the photograph with this digest goes; `crop.with_suffix(".json")` for its tables."""
        return self._folder / f"{image[:16]}_{'_'.join(map(str, box))}.png"

    def _load(self) -> _Content:
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            return from_plain(_Content, {name: content[name] for name in ("facts", "images")})
        except FileNotFoundError:
            return _Content(None, {})
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise HyperthumbError(f"{self._path} is damaged ({error}); delete it, and it is measured again") from error
