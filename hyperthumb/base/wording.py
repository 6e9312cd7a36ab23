"""Small pieces of the sentences that the program says."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean "x"?` for the known name nearest to `name`, or nothing when none is near."""
    by_lower_case = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(name.lower(), by_lower_case, n=3)
    # Of equally near ones, that with the same letters: two of them changed places.
    near.sort(key=lambda candidate: sorted(candidate) != sorted(name.lower()))
    return f'; did you mean "{by_lower_case[near[0]]}"?' if near else ""


def join_words(words: Iterable[str], conjunction: str = "or") -> str:
    """`a, b or c`."""
    listed = list(words)
    return f" {conjunction} ".join(filter(None, (", ".join(listed[:-1]), listed[-1]))) if listed else ""


def printable(text: Path | str) -> str:
    """A name, or a sentence that quotes one, on one line: control characters and escape codes are spelt out."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(text))
