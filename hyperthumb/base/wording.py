"""Helpers that format parts of messages and tables."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean "x"?` with the known name most similar to `name`; empty if none is similar."""
    by_lower_case = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(name.lower(), by_lower_case, n=3)
    # A candidate with the same letters comes first: probably two letters were swapped.
    near.sort(key=lambda candidate: sorted(candidate) != sorted(name.lower()))
    return f'; did you mean "{by_lower_case[near[0]]}"?' if near else ""


def join_words(words: Iterable[str], conjunction: str = "or") -> str:
    """`a, b or c`."""
    listed = list(words)
    return f" {conjunction} ".join(filter(None, (", ".join(listed[:-1]), listed[-1]))) if listed else ""


def whole_number(text: str) -> int | None:
    """The number that a text of ASCII digits stands for; None for any other text."""
    return int(text) if text.isascii() and text.isdecimal() else None


def counted(count: int, noun: str) -> str:
    """`1 block`, `2,000 blocks`: a number and a noun whose plural ends in s."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def in_bytes(count: int) -> str:
    """`14,702 bytes`."""
    return counted(count, "byte")


def printable(text: Path | str) -> str:
    """Escapes control characters in a name or message, so that it stays on one line and changes no terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(text))


def markdown_table(header: Sequence[str], lines: Sequence[Sequence[str]], numeric: Sequence[bool]) -> str:
    """A Markdown table, aligned so that it is also readable as plain text.

    Args:
        header: the title of each column.
        lines: the cells of each line. Bars and line breaks in them are replaced.
        numeric: whether each column is aligned to the right.
    """
    cells = [header, *([cell.replace("|", "/").replace("\n", " ") for cell in line] for line in lines)]
    widths = [max(3, *(len(line[column]) for line in cells)) for column in range(len(header))]
    rule = ["-" * (width - right) + ":" * right for width, right in zip(widths, numeric, strict=True)]

    def aligned(line: Sequence[str]) -> str:
        columns = zip(line, widths, numeric, strict=True)
        return "| " + " | ".join(f"{cell:{'>' if right else '<'}{width}}" for cell, width, right in columns) + " |"

    return "\n".join(aligned(line) for line in (header, rule, *cells[1:]))
