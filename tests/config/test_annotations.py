"""Values of annotated types."""

from __future__ import annotations

from dataclasses import make_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from hyperthumb.base.constraints import Above, AtLeast, Below, Between, FolderName
from hyperthumb.config.complaints import Complaints
from hyperthumb.config.reader import INVALID, Reader
from hyperthumb.config.yaml_text import parse


def read(text: str, annotation: Any) -> tuple[Any, list[str]]:
    reader = Reader(Complaints())
    record = make_dataclass("Record", [("key", annotation)])
    value = reader.record(record, parse(f"key: {text}", "o.yml", Complaints())).key
    lines = reader.complaints.lines()
    assert (value is INVALID) == bool(lines)
    return value, lines


@pytest.mark.parametrize(
    ("text", "annotation", "value"),
    [
        ("3", int, 3),
        ("5e3", int, 5000),
        ("3", float, 3.0),
        ("2e-4", float, 2e-4),
        ("true", bool, True),
        ("yes", str, "yes"),
        ("a/b", Path, Path("a/b")),
        ("~", int | None, None),
        ("4", int | None, 4),
        ("3", int | list[int], 3),
        ("[3, 4]", int | list[int] | None, [3, 4]),
        ("[0.9, 1]", tuple[float, float], (0.9, 1.0)),
        ("[1, 2, 3]", tuple[int, ...], (1, 2, 3)),
        ("ram", Literal["none", "ram"], "ram"),
        ("{a: 1, b: 2}", dict[str, float], {"a": 1.0, "b": 2.0}),
        ("~", dict[str, float], {}),
        ("{a: [1, {b: ~}]}", Any, {"a": [1, {"b": None}]}),
        ("{type: disk}", dict, {"type": "disk"}),
        ("x", object, "x"),
    ],
)
def test_fitting_values(text, annotation, value):
    result, _ = read(text, annotation)
    assert result == value
    assert type(result) is type(value)


def test_home_folders_are_expanded(monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    assert read("~/data", Path)[0] == Path("/home/someone/data")


@pytest.mark.parametrize(
    ("text", "annotation", "message"),
    [
        ('"3"', int, 'must be a whole number, not "3"; write 3, without quotes and underscores'),
        ("1_000", int, 'must be a whole number, not "1_000"; write 1000, without quotes and underscores'),
        ("true", int, "must be a whole number, not true"),
        ("0.5", int, "must be a whole number, not 0.5"),
        (".inf", int, "must be a whole number, not inf"),
        ("false", float, "must be a number, not false"),
        (".nan", float, "must be a number, not nan"),
        ("1", bool, "must be true or false, not 1"),
        ("yes", bool, 'must be true or false, not "yes"; booleans are written true and false'),
        ("3", str, "must be text, not 3 (put it in quotes)"),
        ("~", str, "must be text, not nothing (null)"),
        ("3", list[int], "must be a list, not 3 (write it in brackets)"),
        ("[0.9]", tuple[float, float], "must be a list of 2 values, not of 1"),
        ("rom", Literal["none", "ram"], 'must be one of none, ram, not "rom"; did you mean "ram"?'),
        ("x", int | None, 'must be a whole number, not "x"'),
        ("x", int | list[int] | None, 'must be a whole number or a list, not "x"'),
        ("[1]", dict[str, int], "must be a mapping, not a list of 1"),
        ("{b: 1}", dict[Literal["a"], int], 'unknown key "b" (known here: a)'),
    ],
)
def test_unfitting_values(text, annotation, message):
    assert read(text, annotation) == (INVALID, [f"o.yml:1: key: {message}"])


def test_a_list_names_the_item():
    assert read("[1, x, 3]", int | list[int])[1] == ['o.yml:1: key[1]: must be a whole number, not "x"']


@pytest.mark.parametrize(
    ("text", "annotation", "message"),
    [
        ("0", Annotated[int, AtLeast(1)], "must be 1 or more, not 0"),
        ("0", Annotated[float, Above(0)], "must be a number above 0, not 0"),
        ("1", Annotated[float, AtLeast(0), Below(1)], "must be a number below 1, not 1"),
        ("101", Annotated[int, Between(1, 100)], "must be 100 or less, not 101"),
        ("0.5", Annotated[float, Between(1, 100)], "must be 1 or more, not 0.5"),
        ("3", Literal[1, 2, 4, 8], "must be one of 1, 2, 4, 8, not 3"),
        ("[1, 0]", list[Annotated[int, AtLeast(1)]], "must be 1 or more, not 0"),
    ],
)
def test_bounds(text, annotation, message):
    value, lines = read(text, annotation)
    assert value is INVALID
    assert lines[0].endswith(message)


@pytest.mark.parametrize("name", ["a/b", "../a", ".hidden", '""', "/a", ".."])
def test_folder_names(name):
    assert "becomes the name of a folder" in read(name, Annotated[str, FolderName()])[1][0]
    assert read("HyperThumbnail_4x 2", Annotated[str, FolderName()])[1] == []


def test_null_passes_the_bounds_of_an_optional_value():
    assert read("~", Annotated[float, Above(0)] | None)[0] is None
