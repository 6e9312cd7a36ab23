"""What pydantic found wrong with a value, in a user's words and with its place."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from hyperthumb.base.limits import PROFILES, REMOVED_PROFILES
from hyperthumb.base.wording import did_you_mean, join_words

from .complaints import Location
from .tree import REFUSED, Section

_WANTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "path_type": "a path",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "{:g} or more"),
    "greater_than": ("gt", "a number above {:g}"),
    "less_than_equal": ("le", "{:g} or less"),
    "less_than": ("lt", "a number below {:g}"),
}
_LONGEST_SHOWN = 60


def explain(error: ValidationError, section: Section, key: str) -> Iterator[tuple[Location, str, str]]:
    """Place, dotted path and message of everything that is wrong with the value of `key` in `section`."""
    misfits: dict[tuple[Location, str], tuple[list[str], str]] = {}
    for details in error.errors(include_url=False):
        steps, value = (key, *details["loc"]), details["input"]
        location, where = section.locate(steps)
        wanted = _wanted(details)
        if value is REFUSED:
            continue
        if steps[-1] == "[key]":
            name, choices = str(steps[-2]), _choices(details)
            hint = did_you_mean(name, choices) or f" (known here: {', '.join(choices)})"
            yield location, section.locate(steps[:-2])[1], f'unknown key "{name}"{hint}'
        elif wanted:
            phrases, ending = misfits.setdefault((location, where), ([], f", not {show(value)}{_hint(details)}"))
            phrases.append(wanted)
        else:
            yield location, where, details.get("ctx", {}).get("message", details["msg"])
    for (location, where), (phrases, ending) in misfits.items():
        # A union's other members complain of the whole where one of them has looked into it.
        if not any(other.startswith((f"{where}[", f"{where}.")) for _, other in misfits):
            yield location, where, f"must be {join_words(dict.fromkeys(phrases))}{ending}"


def show(value: Any) -> str:
    """A value as a complaint quotes it."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    text = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
    return f'"{text}"' if isinstance(value, str) else text


def _wanted(details: ErrorDetails) -> str | None:
    kind = details["type"]
    if kind in _BOUNDS:
        bound, phrase = _BOUNDS[kind]
        return phrase.format(details["ctx"][bound])
    return f"one of {', '.join(_choices(details))}" if kind == "literal_error" else _WANTED.get(kind)


def _choices(details: ErrorDetails) -> list[str]:
    """What a literal may be, out of pydantic's `'a', 'b' or 3`."""
    return [str(choice) for choice in ast.literal_eval(f"[{details['ctx']['expected'].replace(' or ', ', ')}]")]


def _hint(details: ErrorDetails) -> str:
    kind, value = details["type"], details["input"]
    if kind == "literal_error":
        if not isinstance(value, str):
            return ""
        choices = _choices(details)
        if value in REMOVED_PROFILES and choices == list(PROFILES):
            return f"; {REMOVED_PROFILES[value]}"
        return _number_hint(value) or did_you_mean(value, choices)
    if kind == "bool_type":
        return "; booleans are written true and false" if value in ("yes", "no", "on", "off") else ""
    if kind in ("int_type", "float_type"):
        return _number_hint(value) if isinstance(value, str) else ""
    if kind == "string_type":
        return " (put it in quotes)" if isinstance(value, (bool, int, float)) else ""
    if kind in ("list_type", "tuple_type") and isinstance(value, dict) and value.keys() == {"append"}:
        return "; there is no list in the file's base to append to"
    if kind in ("list_type", "tuple_type"):
        return "" if value is None or isinstance(value, (list, dict)) else " (write it in brackets)"
    return ""


def _number_hint(text: str) -> str:
    """How to write the number that is meant by a text, if one is."""
    try:
        number = float(text)
    except ValueError:
        return ""
    if not math.isfinite(number):
        return ""
    way = "without quotes and underscores" if text.isascii() else "in plain digits without other characters"
    return f"; write {int(number) if number.is_integer() and abs(number) < 2**63 else number}, {way}"
