"""A class's name with its arguments, checked against the class's own signature."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any, get_args

from hyperthumb.base.component import Component, find_class, fitting_arguments
from hyperthumb.base.registry import ARCHS, DECODERS, PartOf, Registry
from hyperthumb.base.signature import Parameter, parameters, part_of
from hyperthumb.base.wording import did_you_mean

from .complaints import Complaints
from .nodes import Mapping, Node, Scalar, is_refused, plain
from .values import INVALID, ValueReader, is_null, show


def takes_but_lacks(cls: type, component: Component, name: str) -> bool:
    """Whether the constructor of `cls` has the parameter `name`, and the component leaves it None."""
    parameter = parameters(cls)[0].get(name)
    return parameter is not None and component.arguments.get(name, parameter.default) is None


def argument_annotation(cls: type, name: str) -> Any | None:
    """How the constructor of `cls` annotates its parameter `name` (`Any`: not at all); None when it has none such."""
    parameter = parameters(cls)[0].get(name)
    return None if parameter is None else parameter.annotation


class ComponentReader(ValueReader):
    """Reads components: mappings with a `type` that some registry knows.

    Args:
        complaints: where to complain.
        supplied: by a registry's kind, what the program gives to its classes besides the options' arguments. Such a
            parameter need not be given; if it is, it has to agree (a value of None: nothing is known to agree with).
    """

    def __init__(self, complaints: Complaints, supplied: dict[str, dict[str, Any]] | None = None) -> None:
        super().__init__(complaints)
        self._supplied = supplied or {}

    def read_annotated(self, node: Node, base: Any, marks: list[Any], where: str) -> Any:
        for mark in marks:
            if isinstance(mark, PartOf):
                if is_null(node) and type(None) in get_args(base):
                    return None
                return self.read_component(node, mark.registry, where)
        return super().read_annotated(node, base, marks, where)

    def read_component(
        self,
        node: Node,
        registry: Registry,
        where: str,
        supplied: dict[str, Any] | None = None,
        beside: tuple[str, ...] = (),
    ) -> Any:
        """A checked `Component`, or `INVALID` after complaints.

        Args:
            node: the mapping with `type` and arguments.
            registry: which classes it may name.
            where: dotted path, for complaints.
            supplied: overrides what the reader supplies to this kind of component: a part gets what its whole gets.
            beside: keys that its parent takes from the same mapping, for "did you mean".
        """
        if is_refused(node):
            return INVALID
        if supplied is None:
            supplied = self._supplied.get(registry.kind, {})
        name = self._read_type_name(node, registry, where)
        if name is INVALID:
            return INVALID
        assert isinstance(node, Mapping)
        cls = find_class(registry, name)
        if cls is None:
            self.complaints.add(node.entries["type"].location, where, _unknown_class(registry, name))
            return INVALID
        return self._read_arguments(node, name, cls, where, supplied, beside)

    def _read_type_name(self, node: Node, registry: Registry, where: str) -> Any:
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.value in registry:
            self.complaints.add(node.location, where, f"wants a mapping: write {{type: {node.value}}}")
            return INVALID
        if not isinstance(node, Mapping):
            self.complaints.add(
                node.location, where, f"wants a mapping with the type of a {registry.kind}, not {show(node)}"
            )
            return INVALID
        type_node = node.entries.get("type")
        if type_node is None:
            known = ", ".join(registry.names())
            self.complaints.add(
                node.location, where, f'the key "type" is missing (known for a {registry.kind}: {known})'
            )
            return INVALID
        return self.read(type_node, str, f"{where}.type")

    def _read_arguments(
        self, node: Mapping, name: str, cls: type, where: str, supplied: dict[str, Any], beside: tuple[str, ...]
    ) -> Any:
        known, takes_any = parameters(cls)
        given = fitting_arguments(cls, supplied)
        arguments: dict[str, Any] = {}
        for key, child in node.entries.items():
            self.locations[f"{where}.{key}"] = child.location
            if key == "type":
                continue
            if key not in known and not takes_any:
                hint = did_you_mean(key, [*known, *beside, "type"]) or _takes(name, [*known, *beside])
                self.complaints.add(child.location, where, f'unknown key "{key}"{hint}')
            elif key in given:
                self._check_agreement(child, given[key], f"{where}.{key}")
            else:
                arguments[key] = self._read_argument(child, known.get(key, Any), f"{where}.{key}", supplied)
        for key, annotation in known.items():
            if key not in node.entries and key not in given and annotation.required:
                self.complaints.add(node.location, where, f'the key "{key}" is missing ({name} needs it)')
        return Component(name, arguments, str(node.location))

    def _read_argument(self, node: Node, parameter: Any, where: str, supplied: dict[str, Any]) -> Any:
        annotation = parameter.annotation if isinstance(parameter, Parameter) else Any
        part = part_of(annotation)
        if part is not None:
            if is_null(node) and _is_optional(annotation):
                return None
            return self.read_component(node, part.registry, where, supplied)
        value = self.read(node, annotation, where)
        if where.rpartition(".")[2].startswith("dataroot_") and isinstance(node, Scalar) and isinstance(value, str):
            value = str(Path(value).expanduser())
            if not Path(value).exists():
                variable = (
                    f" ({node.written}; set HYPERTHUMB_DATA to the folder of the data sets)" if node.written else ""
                )
                self.complaints.add(node.location, where, f"there is no folder {value}{variable}")
        return value

    def _check_agreement(self, node: Node, expected: Any, where: str) -> None:
        value = plain(node)
        if expected is not None and not is_refused(node) and (type(value) is not type(expected) or value != expected):
            self.complaints.add(node.location, where, f"is {show(node)}, but the file's scale is {expected}")


def _is_optional(annotation: Any) -> bool:
    if typing.get_origin(annotation) is typing.Annotated:
        return _is_optional(annotation.__origin__)
    return type(None) in get_args(annotation) or any(
        _is_optional(member) for member in get_args(annotation) if typing.get_origin(member) is typing.Annotated
    )


def _takes(name: str, keys: list[str]) -> str:
    return f" ({name} takes {', '.join(keys) or 'none'})"


def _unknown_class(registry: Registry, name: str) -> str:
    message = registry.complaint(name)
    if registry not in (ARCHS, DECODERS):
        return message
    from hyperthumb.base.basicsr_bridge import known_archs

    foreign = known_archs()
    hint = "" if "did you mean" in message else did_you_mean(name, foreign)
    return f"{message}{hint} (of BasicSR: {', '.join(foreign)})" if foreign else message
