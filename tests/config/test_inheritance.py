"""`base:`, `--force_yml` and `${HYPERTHUMB_DATA}`."""

from __future__ import annotations

import pytest

from hyperthumb.base.errors import OptionsError
from hyperthumb.config.complaints import Complaints
from hyperthumb.config.inheritance import expand_variables, force_settings, merge, read_tree
from hyperthumb.config.tree import label, plain
from hyperthumb.config.yaml_text import parse


def tree(text: str, file: str = "o.yml"):
    complaints = Complaints()
    node = parse(text, file, complaints)
    assert not complaints.lines()
    return node


def test_mappings_merge_and_the_rest_replaces():
    base = tree("a: {x: 1, y: {z: 2, w: 3}}\nb: [1, 2, 3]\nc: 4")
    over = tree("a: {y: {z: 5}}\nb: [6]")
    assert plain(merge(base, over, [])) == {"a": {"x": 1, "y": {"z": 5, "w": 3}}, "b": [6], "c": 4}
    assert plain(base) == {"a": {"x": 1, "y": {"z": 2, "w": 3}}, "b": [1, 2, 3], "c": 4}, "the base is left as it was"


def test_another_type_replaces_the_whole_mapping():
    base = tree("q: {type: fixed, quality: 50}\nr: {type: fixed, quality: 50}\ns: {quality: 50}")
    over = tree("q: {type: predicted}\nr: {type: fixed, quality: 60}\ns: {type: fixed}")
    assert plain(merge(base, over, [])) == {
        "q": {"type": "predicted"},
        "r": {"type": "fixed", "quality": 60},
        "s": {"quality": 50, "type": "fixed"},
    }


def test_a_base_is_relative_to_its_file_and_keeps_its_lines(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "base.yml").write_text("a: 1\nb: 2\n")
    (tmp_path / "sub/o.yml").write_text("base: ../base.yml\nb: 3\n")
    complaints = Complaints()
    merged = read_tree(tmp_path / "sub/o.yml", complaints, [])
    assert not complaints.lines()
    assert plain(merged) == {"a": 1, "b": 3}
    assert merged.places["a"].file.endswith("base.yml")
    assert merged.places["b"] == (str(tmp_path / "sub/o.yml"), 2)


def write_all(folder, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text)


def test_a_base_may_have_a_base(tmp_path):
    write_all(tmp_path, a="x: 1\ny: 1\nz: {p: 1}", b="y: 2\nbase: a.yml\nz: {q: 2}", c="base: b.yml\nz: {q: 3}")
    merged = read_tree(tmp_path / "c.yml", Complaints(), [])
    assert plain(merged) == {"x": 1, "y": 2, "z": {"p": 1, "q": 3}}
    assert [place.file[-5:] for place in merged.places.values()] == ["a.yml", "b.yml", "c.yml"]


def test_files_cannot_inherit_in_a_circle(tmp_path):
    write_all(tmp_path, a="base: c.yml", b="y: 1\nbase: a.yml", c="base: b.yml")
    message = (
        r"a\.yml:1: base: a file cannot inherit from itself: \S+c\.yml inherits from \S+b\.yml inherits from \S+a\.yml"
    )
    with pytest.raises(OptionsError, match=message):
        read_tree(tmp_path / "c.yml", Complaints(), [])


def test_a_list_grows_by_append():
    base, over = tree("a: [1, 2]\nb: {c: [{d: 1}]}"), tree("a: {append: [3]}\nb:\n  c:\n    append:\n      - {d: 2}")
    merged = merge(base, over, [])
    assert plain(merged) == {"a": [1, 2, 3], "b": {"c": [{"d": 1}, {"d": 2}]}}
    assert [place.line for place in merged["b"]["c"].places] == [2, 5]
    assert plain(base["a"]) == [1, 2], "the base is left as it was"


@pytest.mark.parametrize(("base", "over"), [("a: 1", "a: {append: [3]}"), ("b: 1", "a: {append: [3]}")])
def test_there_has_to_be_a_list_to_append_to(base, over):
    assert plain(merge(tree(base), tree(over), []))["a"] == {"append": [3]}


def test_what_another_type_loses_is_noted():
    base, over = tree("q: {type: a, x: 1, y: 2, z: 3}", "base.yml"), tree("r: 1\nq: {type: b, y: 3}")
    label(base)
    ignored = []
    assert plain(merge(base, over, ignored)) == {"q": {"type": "b", "y": 3}, "r": 1}
    reason = "o.yml:2 changes the type; `replace: true` there says that this is on purpose"
    assert ignored == [(("base.yml", 1), "q.x and z", reason)]


def test_a_mapping_can_be_replaced_whole():
    ignored = []
    base = tree("q: {type: a, x: 1}\nr: {x: 1, y: 2}")
    over = tree("q: {replace: true, type: b}\nr: {replace: true, y: 3}\ns: {replace: true, x: 1}")
    assert plain(merge(base, over, ignored)) == {"q": {"type": "b"}, "r": {"y": 3}, "s": {"x": 1}}
    assert not ignored


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: 1\nbase: gone.yml", r"o\.yml:2: base: there is no file .*gone\.yml"), (None, "there is no such file")],
)
def test_missing_files(tmp_path, text, message):
    if text:
        (tmp_path / "o.yml").write_text(text)
    with pytest.raises(OptionsError, match=message):
        read_tree(tmp_path / "o.yml", Complaints(), [])


def test_a_base_is_a_file_name(tmp_path):
    (tmp_path / "o.yml").write_text("base: [a.yml, b.yml]")
    with pytest.raises(OptionsError, match=r"o\.yml:1: base: must be one file name$"):
        read_tree(tmp_path / "o.yml", Complaints(), [])


def test_a_forced_list_may_grow():
    node = tree("a: {b: [1]}")
    force_settings(node, ["a:b={append: [2]}"], Complaints())
    assert plain(node) == {"a": {"b": [1, 2]}}


@pytest.mark.parametrize(("entry", "right"), [("train.total_iter=3", "train:total_iter=3"), ("a.b:c=x.y", "a:b:c=x.y")])
def test_a_forced_setting_with_dots_is_told_of_colons(entry, right):
    complaints = Complaints()
    force_settings(tree("a: 1"), [entry], complaints)
    assert complaints.lines() == [f"--force_yml {entry}: keys are joined by colons; write {right}"]


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
    assert complaints.lines() == [f"--force_yml {entry}: must be key:key=value, such as train:total_iter=100"]


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
