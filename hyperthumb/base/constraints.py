"""What a value must satisfy besides its type, as marks in annotations: `lr: Annotated[float, Above(0)]`.

Options files are held to them, in the options' own records and in the constructors of the classes that they name.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol


class Constraint(Protocol):
    """A mark that can refuse a value."""

    def problem(self, value: Any) -> str | None:
        """What is wrong with `value`, or None."""
        ...


@dataclass(frozen=True)
class AtLeast:
    """A number of `low` or more."""

    low: float

    def problem(self, value: Any) -> str | None:
        return None if value is None or value >= self.low else f"wants {self.low:g} or more, not {value:g}"


@dataclass(frozen=True)
class Above:
    """A number greater than `low`."""

    low: float

    def problem(self, value: Any) -> str | None:
        return None if value is None or value > self.low else f"wants a number above {self.low:g}, not {value:g}"


@dataclass(frozen=True)
class Below:
    """A number smaller than `high`."""

    high: float

    def problem(self, value: Any) -> str | None:
        return None if value is None or value < self.high else f"wants a number below {self.high:g}, not {value:g}"


@dataclass(frozen=True)
class Between:
    """A number from `low` to `high`, both included."""

    low: float
    high: float

    def problem(self, value: Any) -> str | None:
        fits = value is None or self.low <= value <= self.high
        return None if fits else f"wants {self.low:g} to {self.high:g}, not {value:g}"


@dataclass(frozen=True)
class OneOf:
    """One of a few numbers."""

    choices: tuple[int, ...]

    def problem(self, value: Any) -> str | None:
        listed = ", ".join(map(str, self.choices))
        return None if value in self.choices else f"wants one of {listed}, not {value}"


@dataclass(frozen=True)
class Existing:
    """A path to something that is there."""

    def problem(self, value: Any) -> str | None:
        return None if value is None or Path(value).exists() else f"there is no {value}"


@dataclass(frozen=True)
class FolderName:
    """A name that becomes a folder's; names of files are made of it too, and file systems end at 255 bytes."""

    longest: int = 200

    def problem(self, value: Any) -> str | None:
        if len(value.encode(errors="surrogatepass")) > self.longest:
            return f'"{value[:40]}..." becomes the name of a folder: at most {self.longest} bytes'
        if value and value == Path(value).name and not value.startswith(".") and value.isprintable():
            return None
        wanted = "no slashes, no control characters, no dot at its start, not empty"
        return f'"{value}" becomes the name of a folder: {wanted}'


Count = Annotated[int, AtLeast(1)]
CountOrZero = Annotated[int, AtLeast(0)]
