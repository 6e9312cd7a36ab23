"""JSON schemas of options files, by which editors complete keys and mark mistakes.

They ask for less than the reader does: a key that is missing may be inherited, and plug-ins and BasicSR add types.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hyperthumb.base.registry import Registry
from hyperthumb.base.signature import parameters, part_of
from hyperthumb.config.annotations import RECORD, REGISTRY, adapter_of
from hyperthumb.config.reference import KINDS, descriptions
from hyperthumb.config.schema import TrainDatasets
from hyperthumb.config.schema_training import LossesOptions

_DRAFT = "http://json-schema.org/draft-07/schema#"


def editor_schema(kind: str) -> str:
    """The JSON schema of a kind of options files: train, test or benchmark."""
    title, cls = KINDS[kind]
    definitions: dict[str, Any] = {}
    schema = _record(cls, definitions)
    del schema["properties"]["source"]
    schema["properties"]["base"] = {"type": "string", "description": "The options file to inherit from."}
    definitions = dict(sorted(definitions.items()))
    return _written({"$schema": _DRAFT, "title": f"Options of {title.lower()}", **schema, "definitions": definitions})


def _written(value: Any, indent: str = "", beside: int = 0) -> str:
    """JSON; what fits into a line of 120 characters, `beside` of which are taken, is one line."""
    line = json.dumps(value)
    if len(indent) + beside + len(line) < 120 or not isinstance(value, (dict, list)):
        return line + ("" if indent else "\n")
    inner = indent + " "
    if isinstance(value, list):
        lines, (first, last) = [inner + _written(member, inner) for member in value], "[]"
    else:
        lines, (first, last) = [], "{}"
        for key, member in value.items():
            start = f"{json.dumps(key)}: "
            lines.append(inner + start + _written(member, inner, len(start)))
    return f"{first}\n" + ",\n".join(lines) + f"\n{indent}{last}" + ("" if indent else "\n")


def _reference(name: str, definitions: dict[str, Any], make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A reference to the definition `name`, which is made where there is none yet."""
    if name not in definitions:
        definitions[name] = {}  # also where it contains itself
        definitions[name] = make()
    return {"allOf": [{"$ref": f"#/definitions/{name.replace(' ', '%20')}"}]}  # allOf: or editors ignore a description


def _record(cls: type, definitions: dict[str, Any]) -> dict[str, Any]:
    properties, flat = _properties(cls, definitions), getattr(cls, "flat", "")
    part = part_of(parameters(cls)[0][flat].annotation) if flat else None
    if part is not None:
        del properties[flat]
        return _component(part.registry, definitions, properties)
    schema: dict[str, Any] = {"type": ["object", "null"], "properties": properties, "additionalProperties": False}
    if cls is TrainDatasets:
        schema["patternProperties"] = {"^val": properties.pop("val")["additionalProperties"]}
    if cls is LossesOptions:
        schema["additionalProperties"] = properties.pop("terms")["additionalProperties"]
    return schema


def _component(registry: Registry, definitions: dict[str, Any], beside: dict[str, Any]) -> dict[str, Any]:
    """Of a class that `registry` knows, the arguments depend on the type; the keys `beside` go with each."""
    kinds = []
    for name in registry.names():
        cls = registry.get(name)
        properties = dict.fromkeys(("type", "replace", *beside), True) | _properties(cls, definitions)
        then = {"properties": properties, "additionalProperties": parameters(cls)[1]}
        kinds.append({"if": {"properties": {"type": {"const": name}}, "required": ["type"]}, "then": then})
    type_of = {"anyOf": [{"enum": registry.names()}, {"type": "string"}], "description": f"The {registry.kind}."}
    return {"type": "object", "properties": {"type": type_of, **beside}, "allOf": kinds}


def _properties(cls: type, definitions: dict[str, Any]) -> dict[str, Any]:
    texts = descriptions(cls)
    properties = {}
    for name, parameter in parameters(cls)[0].items():
        schema = _expand(adapter_of(cls, name).json_schema(), definitions)
        members = schema.get("anyOf", [schema])
        if any(member.get("type") == "array" for member in members):
            grown = {"type": "object", "properties": {"append": {"type": "array"}}, "additionalProperties": False}
            schema = {"anyOf": [*members, grown]}
        if name in texts:
            schema["description"] = texts[name][:1].upper() + texts[name][1:]
        if isinstance(parameter.default, (bool, int, float, str)):
            schema["default"] = parameter.default
        properties[name] = schema
    return properties


def _expand(schema: Any, definitions: dict[str, Any]) -> Any:
    """Put references to the schemas of records and of registries in place of their marks."""
    if isinstance(schema, list):
        return [_expand(member, definitions) for member in schema]
    if not isinstance(schema, dict):
        return schema
    if RECORD in schema:
        cls = schema[RECORD]
        return _reference(cls.__name__, definitions, lambda: _record(cls, definitions))
    if REGISTRY in schema:
        registry = schema[REGISTRY]
        return _reference(registry.kind, definitions, lambda: _component(registry, definitions, {}))
    return {key: _expand(value, definitions) for key, value in schema.items()}
