"""One file's settings from several places: its own, those of its `base:`, and those forced on the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from hyperthumb.base.wording import join_words

from .complaints import Complaints, Ignored, Location
from .tree import REFUSED, Items, Section, join, label
from .yaml_text import parse, parse_value

VARIABLE = "HYPERTHUMB_DATA"
VARIABLE_DEFAULT = "datasets"
_VARIABLE_USE = re.compile(r"\$\{([^}]*)\}?")
_MAX_BYTES = 1_000_000
"""Of an options file; what is larger is something else that was named by mistake."""


def read_tree(path: Path, complaints: Complaints, ignored: list[Ignored]) -> Section:
    """The tree of an options file, merged over the one its `base:` names (relative to the file itself), and so on.

    What is wrong is added to `complaints`, and inherited settings that have no effect to `ignored`.

    Raises:
        OptionsError: when a file cannot be read, is not YAML, or inherits from itself. Without all settings, every
            other complaint would mislead.
    """
    trees: list[Section] = []
    paths, named_at = [path], Location(str(path))
    while True:
        tree = _read_file(paths[-1], named_at, complaints)
        if not tree and not trees:
            complaints.add(named_at, "", "there are no settings in this file")
            complaints.raise_if_any()
        trees.append(tree.select(key for key in tree if key != "base"))
        if "base" not in tree:
            break
        named_at = tree.places["base"]
        paths.append(_base_of(tree, paths, complaints))
    return reduce(lambda base, over: merge(base, over, ignored), reversed(trees))


def _base_of(tree: Section, paths: list[Path], complaints: Complaints) -> Path:
    named, location = tree["base"], tree.places["base"]
    base = paths[-1].parent / str(named)
    if isinstance(named, str) and base.resolve() not in [path.resolve() for path in paths]:
        return base
    if isinstance(named, str):
        circle = f": {' inherits from '.join(map(str, [*paths, base]))}" if len(paths) > 1 else ""
        complaints.add(location, "base", f"a file cannot inherit from itself{circle}")
    elif named is not REFUSED:
        complaints.add(location, "base", "must be one file name")
    complaints.raise_if_any()
    raise AssertionError("unreachable")


def merge(base: Section, over: Section, ignored: list[Ignored]) -> Section:
    """`over` on top of `base`: mappings merge key by key, lists and single values replace.

    A mapping with another `type` than its counterpart replaces it whole: the arguments of one class mean nothing to
    another. What is lost by that is added to `ignored`, unless the mapping says `replace: true`, which replaces any
    mapping whole. A list grows by `{append: [...]}`.
    """
    merged = base.select(base)
    merged.location = over.location
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(value, Section) and value.get("replace") is True:
            value = value.select(name for name in value if name != "replace")
        elif isinstance(value, Section) and isinstance(below, Section):
            if "type" in below and "type" in value and below["type"] != value["type"]:
                lost = [name for name in below if name not in value]
                reason = f"{value.places['type']} changes the type; `replace: true` there says that this is on purpose"
                if lost:
                    ignored.append(Ignored(below.places[lost[0]], join(below.path, join_words(lost, "and")), reason))
            else:
                value = merge(below, value, ignored)
        merged.put(key, _appended(below, value), over.places[key])
    return merged


def _appended(below: Any, value: Any) -> Any:
    if isinstance(value, Section) and value.keys() == {"append"} and isinstance(below, Items):
        more = value["append"]
        return Items([*below, *more], [*below.places, *more.places]) if isinstance(more, Items) else value
    return value


def force_settings(tree: Section, entries: Sequence[str], complaints: Complaints) -> None:
    """Writes `--force_yml` entries (`train:total_iter=100`) into the tree, in order."""
    for entry in entries:
        location = Location(f"--force_yml {entry}")
        path, equals, text = entry.partition("=")
        keys = [key.strip() for key in path.split(":")]
        if not equals or not all(keys):
            complaints.add(location, "", "must be key:key=value, such as train:total_iter=100")
            continue
        if "." in keys[0]:
            complaints.add(location, "", f"keys are joined by colons; write {entry.replace('.', ':', path.count('.'))}")
            continue
        if keys[0] == "base":
            complaints.add(location, "", "a file's base cannot be changed here; -opt names another file")
            continue
        parent = tree
        for key in keys[:-1]:
            if not isinstance(parent.get(key), Section):
                parent.put(key, Section(location), location)
            parent = parent[key]
        value = parse_value(text, location, complaints)
        parent.put(keys[-1], _appended(parent.get(keys[-1]), value), location)


def expand_variables(tree: Section, environment: Mapping[str, str], complaints: Complaints) -> dict[str, str]:
    """Replaces `${HYPERTHUMB_DATA}` in texts by the folder that holds the data sets (default `datasets`).

    Returns:
        What stands in the file, by what it became.
    """
    folder = environment.get(VARIABLE) or VARIABLE_DEFAULT
    written: dict[str, str] = {}

    def expand(value: Any, location: Location, where: str) -> Any:
        if isinstance(value, Section):
            for key, child in value.items():
                value[key] = expand(child, value.places[key], join(where, key))
        elif isinstance(value, Items):
            value[:] = [expand(item, at, where) for item, at in zip(value, value.places, strict=True)]
        elif isinstance(value, str) and "${" in value:
            unknown = [use[0] for use in _VARIABLE_USE.finditer(value) if use[0] != f"${{{VARIABLE}}}"]
            for use in unknown:
                complaints.add(location, where, f"{use} is unknown; the one variable is ${{{VARIABLE}}}")
            expanded = value.replace(f"${{{VARIABLE}}}", folder)
            written[expanded] = value
            return REFUSED if unknown else expanded
        return value

    expand(tree, tree.location, "")
    return written


def _read_file(path: Path, named_at: Location, complaints: Complaints) -> Section:
    where, name = ("base", str(path)) if named_at.line else ("", "it")
    data = b""
    try:
        with open(path, "rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) <= _MAX_BYTES:
            tree = parse(data.decode("utf-8"), str(path), complaints)
            label(tree)
            return tree
        complaints.add(named_at, where, f"{name} is larger than 1 MB, so it is not an options file")
    except FileNotFoundError:
        complaints.add(named_at, where, f"there is no file {path}" if where else "there is no such file")
    except OSError as error:
        complaints.add(named_at, where, f"cannot read {name}: {error.strerror}")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"this is not text in UTF-8 (byte 0x{data[error.start]:02x}); save it as UTF-8, if it is text at all"
        complaints.add(Location(str(path), line), "", problem)
    complaints.raise_if_any()
    raise AssertionError("unreachable")
