"""YAML text: what values mean, where they stand, and what is refused."""

from __future__ import annotations

import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hyperthumb.base.errors import OptionsError
from hyperthumb.config.complaints import Complaints
from hyperthumb.config.tree import plain
from hyperthumb.config.yaml_text import _meaning, _value, parse


def complaints_of(text: str) -> list[str]:
    complaints = Complaints()
    parse(text, "o.yml", complaints)
    return complaints.lines()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2e-4", 2e-4),
        ("1e3", 1000.0),
        ("5E+3", 5000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("-7", -7),
        ("010", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("None", None),
        ("null", None),
        ("~", None),
        ("none", "none"),
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("off", "off"),
        ("2020-01-01", "2020-01-01"),
        (".inf", math.inf),
        ("e5", "e5"),
    ],
)
def test_plain_scalars_follow_yaml_1_2(text, value):
    read = plain(parse(f"key: {text}", "o.yml", Complaints()))["key"]
    assert read == value
    assert type(read) is type(value)


def test_quoted_scalars_are_text():
    assert plain(parse("a: '3'\nb: \"true\"\nc: !!str 4", "o.yml", Complaints())) == {"a": "3", "b": "true", "c": "4"}


def test_core_tags_convert():
    node = parse("lr: !!float 2e-4\nn: !!float 3\nm: !!int 4", "o.yml", Complaints())
    assert plain(node) == {"lr": 2e-4, "n": 3.0, "m": 4}
    assert type(plain(node)["n"]) is float


def test_locations_are_the_keys_lines():
    node = parse("a: 1\nb:\n  c:\n    - 5\n    - 6\n", "o.yml", Complaints())
    assert (node.places["b"].line, node["b"].places["c"].line) == (2, 3)
    assert [place.line for place in node["b"]["c"].places] == [4, 5]
    assert str(node["b"].location) == "o.yml:2"


def test_an_empty_file_is_an_empty_mapping():
    assert plain(parse("# nothing\n", "o.yml", Complaints())) == {}


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system ['touch hacked']", "!mine 3", "!!set {a}", "!!timestamp 1"]
)
def test_foreign_tags_are_refused_with_their_line(tag):
    (line,) = complaints_of(f"a: 1\nb: {tag}\n")
    assert line.startswith("o.yml:2: b: the tag !")
    assert "is not allowed" in line


def test_a_tag_must_fit_its_value():
    assert complaints_of("a: !!int many") == ['o.yml:1: a: "many" is not what its tag !!int says']


def test_duplicate_keys_name_both_lines():
    (line,) = complaints_of("train:\n  lr: 1\n  beta: 2\n  lr: 3\n")
    assert line == 'o.yml:4: train: the key "lr" is given twice; the first one is at o.yml:2'


def test_merge_keys_point_to_base():
    (line,) = complaints_of("a: &a {x: 1}\nb:\n  <<: *a\n")
    assert line.startswith("o.yml:3: b: merge keys")
    assert "`base: other.yml`" in line


def test_aliases_share_values_and_have_their_own_lines():
    node = parse("a: &betas [1, 2]\nb: *betas\n", "o.yml", Complaints())
    assert plain(node) == {"a": [1, 2], "b": [1, 2]}
    assert node.places["b"].line == 2


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [*a]",
        "\n".join(["a0: &a0 [x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]),
    ],
    ids=["endless", "billion laughs"],
)
def test_aliases_cannot_grow_without_bound(text):
    with pytest.raises(OptionsError, match=r"alias refers to itself|more than 20000 values"):
        complaints_of(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [1,\nc: 2\n", r"o\.yml:4: this is not valid YAML: .* \(it starts on line 2\)"),
        ("a: 1\n\tb: 2\n", r"o\.yml:2: this is not valid YAML: .*'\\t'"),
        ("a: *gone\n", r"o\.yml:1: this is not valid YAML: .*'gone'"),
    ],
)
def test_broken_yaml_says_where(text, message):
    with pytest.raises(OptionsError, match=message):
        complaints_of(text)


def test_a_list_is_no_options_file():
    with pytest.raises(OptionsError, match="a mapping of keys"):
        complaints_of("- a\n- b\n")


@given(st.floats(allow_nan=False) | st.integers() | st.booleans() | st.none())
def test_what_pyyaml_writes_is_read_back(value):
    text = yaml.safe_dump({"key": value})
    assert plain(parse(text, "o.yml", Complaints())) == {"key": value}


@given(st.text())
def test_any_text_has_a_meaning(text):
    value = _value(text, _meaning(text))
    assert isinstance(value, (bool, int, float, str, type(None)))
    assert not isinstance(value, str) or value == text
