"""Annotations of settings as pydantic reads them: strict about scalars, and `Any` for what no file can hold."""

from __future__ import annotations

import collections.abc
import dataclasses
import os.path
import types
from functools import cache, partial, reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    AllowInfNan,
    BeforeValidator,
    Field,
    PlainValidator,
    Strict,
    TypeAdapter,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from hyperthumb.base.component import Component
from hyperthumb.base.constraints import Existing
from hyperthumb.base.registry import PartOf
from hyperthumb.base.signature import parameters

from .tree import plain

if TYPE_CHECKING:
    from .reader import Reader

_LISTS = (list, collections.abc.Sequence, collections.abc.Iterable)
_DICTS = (dict, collections.abc.Mapping)
_LARGEST = 2**63 - 1
# In the JSON schemas of settings, these keys hold the dataclass or the registry that a mapping is read by.
RECORD, REGISTRY = "x-record", "x-registry"


@cache
def adapter_of(cls: type, parameter: str) -> TypeAdapter[Any]:
    """What reads one argument of a class's constructor. Its validation context is the `Reader`."""
    known, _ = parameters(cls)
    return TypeAdapter(_readable(known[parameter].annotation if parameter in known else Any))


def refusal(message: str) -> PydanticCustomError:
    """What a validator raises to refuse a value with a message of ours."""
    return PydanticCustomError("refused", "{message}", {"message": message})


def is_optional(annotation: Any) -> bool:
    """Whether an annotation allows None."""
    if get_origin(annotation) is Annotated:
        return is_optional(annotation.__origin__)
    return get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation)


def record_in(annotation: Any) -> type | None:
    """The dataclass that a setting has to be; None for other settings, and for optional ones."""
    kind = annotation.__origin__ if get_origin(annotation) is Annotated else annotation
    return kind if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind is not Component else None


def _readable(annotation: Any) -> Any:
    origin, members = get_origin(annotation) or annotation, get_args(annotation)
    if origin is Annotated:
        return _marked(annotation.__origin__, annotation.__metadata__)
    if origin in (Union, types.UnionType):
        # What complains for itself comes last: the first member that fits is taken.
        kinds = sorted((member for member in members if member is not type(None)), key=_complains_itself)
        union: Any = reduce(or_, map(_readable, kinds))
        union = union if len(kinds) == 1 else _annotated(union, Field(union_mode="left_to_right"))
        return union | None if type(None) in members else union
    if origin is Literal:
        return _annotated(annotation, BeforeValidator(_whole))
    if origin in _SCALARS:
        return _SCALARS[origin]
    if origin is tuple and members and Ellipsis not in members:
        items = types.GenericAlias(tuple, tuple(map(_readable, members)))
        return _annotated(items, BeforeValidator(partial(_check_length, len(members))))
    if origin is tuple or origin in _LISTS:
        item = _readable(members[0] if members else Any)
        return types.GenericAlias(tuple, (item, ...)) if origin is tuple else types.GenericAlias(list, item)
    if origin in _DICTS:
        key, value = members or (str, Any)
        mapping = types.GenericAlias(dict, (key, _readable(value)))
        return _annotated(mapping, BeforeValidator(lambda value: {} if value is None else value))
    if record_in(annotation):
        reading = PlainValidator(lambda value, info: info.context.record(annotation, value))
        return _annotated(Any, reading, WithJsonSchema({RECORD: annotation}))
    return annotation if annotation is None else _annotated(Any, AfterValidator(plain))


def _marked(base: Any, marks: tuple[Any, ...]) -> Any:
    if is_optional(base):
        kinds = reduce(or_, (member for member in get_args(base) if member is not type(None)))
        return _marked(kinds, marks) | None
    for mark in marks:
        if isinstance(mark, PartOf):
            reading = PlainValidator(partial(_read_component, mark))
            return _annotated(Any, reading, WithJsonSchema({REGISTRY: mark.registry}))
    checks = (AfterValidator(partial(_check, mark)) if hasattr(mark, "problem") else mark for mark in marks)
    if base is int:  # bounds first, so that the JSON schema has them; what comes last is done first
        return _annotated(int, Strict(), *checks, BeforeValidator(_whole))
    return _annotated(_readable(base), *checks)


def _annotated(base: Any, *marks: Any) -> Any:
    annotated: Any = Annotated
    parts = (base, *marks)
    return annotated[parts]


def _complains_itself(annotation: Any) -> bool:
    marks = annotation.__metadata__ if get_origin(annotation) is Annotated else ()
    return record_in(annotation) is not None or any(isinstance(mark, PartOf) for mark in marks)


# Validators. The context of each is the `Reader` that reads the file.


def _read_component(part: PartOf, value: Any, info: ValidationInfo[Reader]) -> Any:
    return info.context.component(part.registry, value)


def _check(mark: Any, value: Any, info: ValidationInfo[Reader]) -> Any:
    if isinstance(mark, Existing) and info.context.files_may_be_missing:
        return value
    problem = mark.problem(value)
    if problem:
        raise refusal(problem)
    return value


def _whole(value: Any) -> Any:
    """A whole number as such where it is written otherwise: iterations are often 5e3."""
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(number, int) and abs(number) > _LARGEST:
        raise refusal(f"must be a whole number, not {number}; {_LARGEST} is the largest")
    return number


def _check_length(length: int, value: Any) -> Any:
    if isinstance(value, list) and len(value) != length:
        raise refusal(f"must be a list of {length} values, not of {len(value)}")
    return value


_SCALARS: dict[Any, Any] = {
    bool: Annotated[bool, Strict()],
    int: Annotated[int, Strict(), BeforeValidator(_whole)],
    float: Annotated[float, Strict(), AllowInfNan(False)],
    str: str,
    Path: Annotated[Path, AfterValidator(lambda path: Path(os.path.expanduser(path)))],
}
