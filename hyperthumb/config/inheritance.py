"""One file's settings from several places: its own, those of its `base:`, and those forced on the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from pathlib import Path

from .complaints import Complaints, Location
from .nodes import Listing, Mapping, Node, Scalar, is_refused, parse, parse_value

VARIABLE = "HYPERTHUMB_DATA"
VARIABLE_DEFAULT = "datasets"
_VARIABLE_USE = re.compile(r"\$\{([^}]*)\}?")
_MAX_BYTES = 1_000_000
"""Of an options file; what is larger is something else that was named by mistake."""


def read_tree(path: Path, complaints: Complaints) -> Mapping:
    """The tree of an options file, merged over the one its `base:` names (relative to the file itself).

    Raises:
        OptionsError: when the file, or its base, cannot be read, is no YAML, or may not be inherited from: without all
            settings, every other complaint would mislead.
    """
    tree = _read_file(path, Location(str(path)), complaints)
    if not tree.entries:
        complaints.add(Location(str(path)), "", "there are no settings in this file")
        complaints.raise_if_any()
    base_node = tree.entries.pop("base", None)
    if base_node is None:
        return tree
    if not isinstance(base_node, Scalar) or not isinstance(base_node.value, str):
        if not is_refused(base_node):
            complaints.add(base_node.location, "base", "wants one file name")
        complaints.raise_if_any()
        raise AssertionError("unreachable")
    base_path = path.parent / base_node.value
    if base_path.resolve() == path.resolve():
        complaints.add(base_node.location, "base", "a file cannot inherit from itself")
        complaints.raise_if_any()
    base = _read_file(base_path, base_node.location, complaints)
    second = base.entries.pop("base", None)
    if second is not None:
        message = f"inheritance has one level: {path} inherits from this file, so it cannot have a base of its own"
        complaints.add(second.location, "base", message)
        complaints.raise_if_any()
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
        if keys[0] == "base":
            complaints.add(location, "", "a file's base cannot be changed here; -opt names another file")
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
    unknown = [use[0] for use in _VARIABLE_USE.finditer(node.value) if use[0] != f"${{{VARIABLE}}}"]
    for use in unknown:
        complaints.add(node.location, where, f"{use} is unknown; the one variable is ${{{VARIABLE}}}")
    folder = environment.get(VARIABLE) or VARIABLE_DEFAULT
    value = node.value.replace(f"${{{VARIABLE}}}", folder)
    return Scalar(value, node.location, written=node.value, refused=bool(unknown))


def _read_file(path: Path, named_at: Location, complaints: Complaints) -> Mapping:
    where, name = ("base", str(path)) if named_at.line else ("", "it")
    data = b""
    try:
        with open(path, "rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) <= _MAX_BYTES:
            return parse(data.decode("utf-8"), str(path), complaints)
        complaints.add(named_at, where, f"{name} is larger than 1 MB: no options file")
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


def _types_differ(base: Node | None, over: Node) -> bool:
    assert isinstance(base, Mapping)
    assert isinstance(over, Mapping)
    old, new = base.entries.get("type"), over.entries.get("type")
    return isinstance(old, Scalar) and isinstance(new, Scalar) and old.value != new.value
