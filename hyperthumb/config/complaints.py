"""Everything that is wrong with an options file or has no effect, collected, so that one run tells all of it."""

from __future__ import annotations

import warnings
from typing import NamedTuple

from hyperthumb.base.errors import OptionsError, OptionsWarning
from hyperthumb.base.wording import printable


class Location(NamedTuple):
    """Where a setting stands.

    Attributes:
        file: the options file as the user named it, or the command-line argument that made the setting.
        line: counted from 1; 0 for what stands in no file.
    """

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Complaints:
    """Collects what is wrong, each with its place."""

    def __init__(self) -> None:
        self._found: dict[tuple[Location, str, str], None] = {}

    def add(self, location: Location, where: str, message: str) -> None:
        """Adds a complaint about the setting at the dotted path `where`, which is empty for the file as a whole.

        The message is a phrase that says what is wrong and, where possible, what would be right.
        """
        self._found[location, where, message] = None

    def lines(self) -> list[str]:
        """One line for each complaint, sorted by file and line; at one place, in the order they were found."""
        found = sorted(self._found, key=lambda entry: entry[0])
        return [
            printable(": ".join(filter(None, (str(location), where, message)))) for location, where, message in found
        ]

    def raise_if_any(self) -> None:
        """Raises an OptionsError with every complaint on its own line, if there are any."""
        if self._found:
            raise OptionsError("\n".join(self.lines()))


Finding = tuple[tuple[str | int, ...], str]
"""The keys that lead to a setting, and what is wrong with it."""


class Ignored(NamedTuple):
    """A setting without effect: its place, its dotted path, and why."""

    location: Location
    where: str
    reason: str


def warn(ignored: list[Ignored], stacklevel: int) -> None:
    """One `OptionsWarning` that names all settings without effect, by file and line; nothing when there are none."""
    if ignored:
        lines = [f"{entry.location}: {entry.where} ({entry.reason})" for entry in sorted(set(ignored))]
        count = "this setting has" if len(lines) == 1 else f"these {len(lines)} settings have"
        message = "\n  ".join([f"{count} no effect:", *lines])
        warnings.warn(OptionsWarning(message), stacklevel=stacklevel + 1)
