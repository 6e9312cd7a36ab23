"""One file's settings from several places: its own, those of its `base:`, and those forced on the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from pathlib import Path

from .complaints import Complaints, Location
from .nodes import Listing, Mapping, Node, Scalar, parse, parse_value

VARIABLE = "HYPERTHUMB_DATA"
VARIABLE_DEFAULT = "datasets"
_VARIABLE_USE = re.compile(r"\$\{([^}]*)\}?")


def read_tree(path: Path, complaints: Complaints) -> Mapping:
    """The tree of an options file, merged over the one its `base:` names (relative to the file itself).

    Raises:
        OptionsError: when the file, or its base, cannot be read or is no YAML.
    """
    tree = _read_file(path, Location(str(path)), complaints)
    base_node = tree.entries.pop("base", None)
    if base_node is None:
        return tree
    if not isinstance(base_node, Scalar) or not isinstance(base_node.value, str):
        complaints.add(base_node.location, "base", "wants one file name")
        return tree
    base = _read_file(path.parent / base_node.value, base_node.location, complaints)
    second = base.entries.pop("base", None)
    if second is not None:
        message = f"inheritance has one level: {path} inherits from this file, so it cannot have a base of its own"
        complaints.add(second.location, "base", message)
    return merge(base, tree)


def merge(base: Mapping, over: Mapping) -> Mapping:
    """`over` on top of `base`: mappings merge key by key, lists and single values replace.

    A mapping with another `type` than its counterpart replaces it whole: the arguments of one class mean nothing to
    another.
    """
    entries = dict(base.entries)
    for key, node in over.entries.items():
        below = entries.get(key)
        both = isinstance(node, Mapping) and isinstance(below, Mapping)
        entries[key] = merge(below, node) if both and not _types_differ(below, node) else node  # type: ignore[arg-type]
    return Mapping(entries, over.location)


def force_settings(tree: Mapping, entries: Sequence[str], complaints: Complaints) -> None:
    """Write `--force_yml` entries (`train:total_iter=100`) into the tree, in order."""
    for entry in entries:
        location = Location(f"--force_yml {entry}")
        path, equals, text = entry.partition("=")
        keys = [key.strip() for key in path.split(":")]
        if not equals or not all(keys):
            complaints.add(location, "", "wants key:key=value, such as train:total_iter=100")
            continue
        parent = tree
        for key in keys[:-1]:
            child = parent.entries.get(key)
            if not isinstance(child, Mapping):
                child = parent.entries[key] = Mapping({}, location)
            parent = child
        parent.entries[keys[-1]] = parse_value(text, location, complaints)


def expand_variables(node: Node, environment: MappingOf[str, str], complaints: Complaints, where: str = "") -> Node:
    """Replace `${HYPERTHUMB_DATA}` inside of strings by the folder that holds the data sets (default `datasets`)."""
    if isinstance(node, Mapping):
        children = node.entries.items()
        expanded = {
            key: expand_variables(child, environment, complaints, f"{where}.{key}".lstrip("."))
            for key, child in children
        }
        return Mapping(expanded, node.location)
    if isinstance(node, Listing):
        return Listing([expand_variables(item, environment, complaints, where) for item in node.items], node.location)
    if not isinstance(node.value, str) or "${" not in node.value:
        return node

    def value_of(use: re.Match[str]) -> str:
        if use.group(0) != f"${{{VARIABLE}}}":
            complaints.add(node.location, where, f"{use.group(0)} is unknown; the one variable is ${{{VARIABLE}}}")
        return environment.get(VARIABLE) or VARIABLE_DEFAULT

    return Scalar(_VARIABLE_USE.sub(value_of, node.value), node.location, written=node.value)


def _read_file(path: Path, named_at: Location, complaints: Complaints) -> Mapping:
    where = "base" if named_at.line else ""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        complaints.add(named_at, where, f"there is no file {path}" if where else "there is no such file")
    except (OSError, UnicodeDecodeError) as error:
        complaints.add(named_at, where, f"cannot read {path}: {error}")
    else:
        return parse(text, str(path), complaints)
    complaints.raise_if_any()
    raise AssertionError("unreachable")


def _types_differ(base: Node | None, over: Node) -> bool:
    assert isinstance(base, Mapping)
    assert isinstance(over, Mapping)
    old, new = base.entries.get("type"), over.entries.get("type")
    return isinstance(old, Scalar) and isinstance(new, Scalar) and old.value != new.value
