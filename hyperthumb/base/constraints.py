"""Constraints on values, as marks in annotations: `lr: Annotated[float, Above(0)]`.

They are checked for the settings of options files and for the constructor arguments of the classes that these name.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge as AtLeast
from annotated_types import Gt as Above
from annotated_types import Interval
from annotated_types import Lt as Below

__all__ = ["Above", "AtLeast", "Below", "Between", "Count", "CountOrZero", "Existing", "FolderName"]


def Between(low: float, high: float) -> Interval:
    """A number from `low` to `high`, both included."""
    return Interval(ge=low, le=high)


@dataclass(frozen=True)
class Existing:
    """A path that exists."""

    def problem(self, value: Any) -> str | None:
        """What is wrong with `value`, or None."""
        return None if Path(value).exists() else f"there is no {value}"


@dataclass(frozen=True)
class FolderName:
    """A name for a folder. It also becomes part of file names, which may have 255 bytes."""

    longest: int = 200

    def problem(self, value: Any) -> str | None:
        """What is wrong with `value`, or None."""
        if len(value.encode(errors="surrogatepass")) > self.longest:
            return f'"{value[:40]}..." becomes the name of a folder: at most {self.longest} bytes'
        if value and value == Path(value).name and not value.startswith(".") and value.isprintable():
            return None
        wanted = "no slashes, no control characters, no dot at its start, not empty"
        return f'"{value}" becomes the name of a folder: {wanted}'


Count = Annotated[int, AtLeast(1)]
CountOrZero = Annotated[int, AtLeast(0)]
