"""How a field of a record is written in the file, where that is not simply under its own name: marks in annotations."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NamedByKey:
    """A name that defaults to the key its mapping stands under."""


@dataclass(frozen=True)
class KeysFrom:
    """A dict that is not written as one: it gathers its parent's keys that start with `prefix`."""

    prefix: str


@dataclass(frozen=True)
class Flat:
    """A component whose `type` and arguments stand among its parent's own keys."""
