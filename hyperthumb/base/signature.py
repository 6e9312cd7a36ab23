"""Reads the parameters of constructors: names, annotations and defaults."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass
from typing import Any, get_args

from .registry import PartOf


@dataclass(frozen=True)
class Parameter:
    """One keyword argument of a constructor; `annotation` is `Any` if it has none."""

    annotation: Any
    default: Any

    @property
    def required(self) -> bool:
        """Whether the argument has no default."""
        return self.default is inspect.Parameter.empty


class Settings:
    """Base of dataclasses that group arguments of a constructor; options files name the fields as its own arguments."""


@functools.cache
def parameters(cls: type) -> tuple[dict[str, Parameter], bool]:
    """A constructor's keyword arguments by name, and whether it accepts others (`**kwargs`).

    An argument that groups settings is replaced by the fields of its `Settings` class.
    """
    known, takes_any = _signature(cls)
    named: dict[str, Parameter] = {}
    for name, parameter in known.items():
        named |= parameters(parameter.annotation)[0] if _is_group(parameter) else {name: parameter}
    return named, takes_any


def grouped(cls: type, arguments: dict[str, Any]) -> dict[str, Any]:
    """Converts arguments by the names of `parameters` to those of the constructor of `cls`."""
    rest = dict(arguments)
    for name, parameter in _signature(cls)[0].items():
        if _is_group(parameter):
            group = parameter.annotation
            rest[name] = group(**{key: rest.pop(key) for key in parameters(group)[0] if key in rest})
    return rest


def _is_group(parameter: Parameter) -> bool:
    return isinstance(parameter.annotation, type) and issubclass(parameter.annotation, Settings)


@functools.cache
def _signature(cls: type) -> tuple[dict[str, Parameter], bool]:
    # A module without its own constructor inherits nn.Module's (*args, **kwargs), which accepts no arguments in fact.
    # Compare the defining class, not the function, because torch.compile replaces the function.
    owner = next(each for each in cls.__mro__ if "__init__" in vars(each))
    if owner.__module__ == "torch.nn.modules.module":
        return {}, False
    constructor = vars(owner)["__init__"]
    try:
        hints = typing.get_type_hints(cls if is_dataclass(cls) else constructor, include_extras=True)
    except (NameError, TypeError, AttributeError):  # annotations that cannot be resolved: only names are checked
        hints = {}
    found = inspect.signature(cls).parameters.values()
    named = {
        parameter.name: Parameter(hints.get(parameter.name, Any), parameter.default)
        for parameter in found
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    }
    return named, any(parameter.kind is parameter.VAR_KEYWORD for parameter in found)


def part_of(annotation: Any) -> PartOf | None:
    """The `PartOf` mark of an annotation, at any depth."""
    return next(_marks(annotation), None)


def _marks(annotation: Any) -> Iterator[PartOf]:
    if typing.get_origin(annotation) is typing.Annotated:
        yield from (mark for mark in annotation.__metadata__ if isinstance(mark, PartOf))
    for member in get_args(annotation):
        yield from _marks(member)
