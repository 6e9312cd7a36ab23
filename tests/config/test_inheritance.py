"""`base:`, `--force_yml` and `${HYPERTHUMB_DATA}`."""

from __future__ import annotations

import pytest

from hyperthumb.base.errors import OptionsError
from hyperthumb.config.complaints import Complaints
from hyperthumb.config.inheritance import expand_variables, force_settings, merge, read_tree
from hyperthumb.config.tree import plain
from hyperthumb.config.yaml_text import parse


def tree(text: str, file: str = "o.yml"):
    complaints = Complaints()
    node = parse(text, file, complaints)
    assert not complaints.lines()
    return node


def test_mappings_merge_and_the_rest_replaces():
    base = tree("a: {x: 1, y: {z: 2, w: 3}}\nb: [1, 2, 3]\nc: 4")
    over = tree("a: {y: {z: 5}}\nb: [6]")
    assert plain(merge(base, over)) == {"a": {"x": 1, "y": {"z": 5, "w": 3}}, "b": [6], "c": 4}
    assert plain(base) == {"a": {"x": 1, "y": {"z": 2, "w": 3}}, "b": [1, 2, 3], "c": 4}, "the base is left as it was"


def test_another_type_replaces_the_whole_mapping():
    base = tree("q: {type: fixed, quality: 50}\nr: {type: fixed, quality: 50}\ns: {quality: 50}")
    over = tree("q: {type: predicted}\nr: {type: fixed, quality: 60}\ns: {type: fixed}")
    assert plain(merge(base, over)) == {
        "q": {"type": "predicted"},
        "r": {"type": "fixed", "quality": 60},
        "s": {"quality": 50, "type": "fixed"},
    }


def test_a_base_is_relative_to_its_file_and_keeps_its_lines(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "base.yml").write_text("a: 1\nb: 2\n")
    (tmp_path / "sub/o.yml").write_text("base: ../base.yml\nb: 3\n")
    complaints = Complaints()
    merged = read_tree(tmp_path / "sub/o.yml", complaints)
    assert not complaints.lines()
    assert plain(merged) == {"a": 1, "b": 3}
    assert merged.places["a"].file.endswith("base.yml")
    assert merged.places["b"] == (str(tmp_path / "sub/o.yml"), 2)


def test_inheritance_has_one_level(tmp_path):
    for name, text in (("a.yml", "x: 1"), ("b.yml", "y: 1\nbase: a.yml"), ("c.yml", "base: b.yml")):
        (tmp_path / name).write_text(text)
    with pytest.raises(OptionsError, match=r"b\.yml:2: base: inheritance has one level"):
        read_tree(tmp_path / "c.yml", Complaints())


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: 1\nbase: gone.yml", r"o\.yml:2: base: there is no file .*gone\.yml"), (None, "there is no such file")],
)
def test_missing_files(tmp_path, text, message):
    if text:
        (tmp_path / "o.yml").write_text(text)
    with pytest.raises(OptionsError, match=message):
        read_tree(tmp_path / "o.yml", Complaints())


def test_a_base_is_a_file_name(tmp_path):
    (tmp_path / "o.yml").write_text("base: [a.yml, b.yml]")
    with pytest.raises(OptionsError, match=r"o\.yml:1: base: wants one file name$"):
        read_tree(tmp_path / "o.yml", Complaints())


def test_forced_settings_win_and_may_be_new():
    node, complaints = tree("a: {b: 1}\nlogger: ~"), Complaints()
    force_settings(node, ["a:b=2e-4", "a:c:d=[1, x]", "logger:print_freq=3", "e={type: fixed, quality: 5}"], complaints)
    assert not complaints.lines()
    assert plain(node) == {
        "a": {"b": 2e-4, "c": {"d": [1, "x"]}},
        "logger": {"print_freq": 3},
        "e": {"type": "fixed", "quality": 5},
    }
    assert str(node["a"]["c"].places["d"]) == "--force_yml a:c:d=[1, x]"


@pytest.mark.parametrize("entry", ["a", "=3", "a::b=3"])
def test_a_forced_setting_needs_key_and_value(entry):
    complaints = Complaints()
    force_settings(tree("a: 1"), [entry], complaints)
    assert complaints.lines() == [f"--force_yml {entry}: wants key:key=value, such as train:total_iter=100"]


def test_a_forced_value_may_hold_an_equals_sign():
    node = tree("a: 1")
    force_settings(node, ["a='x=y'"], Complaints())
    assert plain(node) == {"a": "x=y"}


def test_the_variable_is_expanded_inside_of_text():
    text = "a: ${HYPERTHUMB_DATA}/kodak\nb: ['x ${HYPERTHUMB_DATA}', 3]\nc: $HOME"
    node = tree(text)
    written = expand_variables(node, {"HYPERTHUMB_DATA": "/d"}, Complaints())
    assert plain(node) == {"a": "/d/kodak", "b": ["x /d", 3], "c": "$HOME"}
    assert written == {"/d/kodak": "${HYPERTHUMB_DATA}/kodak", "x /d": "x ${HYPERTHUMB_DATA}"}
    node = tree(text)
    expand_variables(node, {}, Complaints())
    assert node["a"] == "datasets/kodak"


@pytest.mark.parametrize("use", ["${HOME}", "${HYPERTHUMB_DATA", "${}"])
def test_other_variables_are_errors(use):
    complaints = Complaints()
    expand_variables(tree(f"a: 1\nb:\n  c: {use}/x" if "}" in use else f"a: 1\nb:\n  c: '{use}/x'"), {}, complaints)
    (line,) = complaints.lines()
    assert line.startswith("o.yml:3: b.c: ${")
    assert line.endswith("is unknown; the one variable is ${HYPERTHUMB_DATA}")
