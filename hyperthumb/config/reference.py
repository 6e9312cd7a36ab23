"""The keys of options files, with types, ranges and meanings, from the annotations that read them."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from hyperthumb.base import registry as registries
from hyperthumb.base.errors import OptionsError
from hyperthumb.base.registry import Registry
from hyperthumb.base.signature import parameters
from hyperthumb.base.wording import did_you_mean, join_words

from .annotations import RECORD, REGISTRY, adapter_of
from .schema import TRAINING_ONLY, DatasetOptions, EvaluationOptions, TrainDatasets, TrainOptions
from .schema_benchmark import BenchmarkOptions
from .schema_training import LossesOptions
from .tree import join

KINDS: dict[str, tuple[str, type]] = {
    "train": ("A training", TrainOptions),
    "test": ("A test", EvaluationOptions),
    "benchmark": ("A benchmark", BenchmarkOptions),
}
CLASSES: tuple[Registry, ...] = (
    registries.ARCHS,
    registries.ENCODERS,
    registries.QUANTIZATIONS,
    registries.RATE_MODELS,
    registries.DECODERS,
    registries.LOSSES,
    registries.DATASETS,
    registries.BASELINES,
)
_FILES = tuple(cls for _, cls in KINDS.values())


class Setting(NamedTuple):
    """One key.

    Attributes:
        path: its dotted path; names that the user chooses are in capitals.
        kind: its type and range, in words.
        default: as an options file writes it; None for a key that has to be given.
        text: what it is for.
    """

    path: str
    kind: str
    default: str | None
    text: str

    def __str__(self) -> str:
        default = "required" if self.default is None else f"default {self.default}" if self.default else ""
        text = f": {self.text[:1].upper()}{self.text[1:]}" if self.text else ""
        return f"`{self.path}` ({'; '.join(filter(None, (self.kind, default)))}){text}"


def settings_of(cls: type, path: str = "") -> Iterator[Setting]:
    """The keys of a record or of another class that options files name, and of the records in it."""
    texts = descriptions(cls)
    for name, parameter in parameters(cls)[0].items():
        if name == "source" and path == "" and cls in _FILES:  # the file itself
            continue
        where, schema = join(path, name), adapter_of(cls, name).json_schema()
        if cls is DatasetOptions and path != "datasets.train" and name in TRAINING_ONLY:
            continue
        flat = name == getattr(cls, "flat", "")
        where = join(path, "type") if flat else where
        record, ending = _record_in(schema)
        if cls is LossesOptions and name == "terms":  # they stand beside its other keys
            where, ending = join(path, "NAME"), ""
        default = _written(parameter.default, schema) if not parameter.required else None
        if record and not isinstance(parameter.default, int | None):  # its own keys say it
            default = ""
        yield Setting(where, words(schema), default, texts.get(name, ""))
        if record:
            yield from settings_of(record, where if cls is TrainDatasets else where + ending)


def look_up(key: str | None) -> list[str]:
    """The reference's lines on a key, a section or a class; all keys for None.

    Raises:
        OptionsError: when there is nothing of this name.
    """
    found: list[str] = []
    names: list[str] = []
    for title, cls in KINDS.values():
        settings = list(settings_of(cls))
        names += [name for setting in settings for name in (setting.path, setting.path.rpartition(".")[2])]
        lines = [
            bullet(setting)
            for setting in settings
            if key in (None, setting.path, setting.path.rpartition(".")[2])
            or setting.path.startswith((f"{key}.", f"{key}["))
        ]
        found += [f"{title}:", *lines] if lines else []
    for registry in CLASSES:
        names += registry.names()
        if key is not None and key in registry:
            lines = [bullet(setting) for setting in settings_of(registry.get(key))]
            found += [f"{key}, {with_article(registry.kind)}:", *lines]
    if not found:
        raise OptionsError(f'there is no key, section or class "{key}"{did_you_mean(str(key), names)}')
    return found


def descriptions(cls: type) -> dict[str, str]:
    """What the sections `Attributes:` and `Args:` of a class's docstrings say of each name."""
    found: dict[str, str] = {}
    for ancestor in reversed(cls.__mro__[:-1]):
        for documented in (ancestor, vars(ancestor).get("__init__")):
            text = inspect.cleandoc(getattr(documented, "__doc__", None) or "")
            for block in re.findall(r"^(?:Attributes|Args):\n((?: {4}.*(?:\n|$)|\n)+)", text, re.MULTILINE):
                entries = re.findall(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", block, re.MULTILINE)
                found.update((name, " ".join(entry.split())) for name, entry in entries)
    return found


def words(schema: dict[str, Any]) -> str:
    """The type and the range that a JSON schema gives."""
    if "anyOf" in schema:
        kinds = [words(member) for member in schema["anyOf"] if member != {"type": "null"}]
        return join_words([*kinds, "`~`"]) if {"type": "null"} in schema["anyOf"] else join_words(kinds)
    if "enum" in schema or "const" in schema:
        return join_words(f"`{choice}`" for choice in schema.get("enum", [schema.get("const")]))
    if REGISTRY in schema:
        return with_article(schema[REGISTRY].kind)
    kind = schema.get("type")
    if kind == "array":
        items = schema.get("prefixItems")
        if items:
            return f"a list of {len(items)} ({', '.join(map(words, items))})"
        return f"a list ({words(schema['items'])})"
    if kind == "object" or RECORD in schema:
        return "a mapping"
    names = {"integer": "a whole number", "number": "a number", "boolean": "`true` or `false`", "string": "text"}
    bounds = [
        f"{word} {schema[bound]:g}"
        for bound, word in (
            ("minimum", "from"), ("exclusiveMinimum", "above"), ("maximum", "to"), ("exclusiveMaximum", "below"),
        )
        if bound in schema
    ]  # fmt: skip
    name = "a path" if schema.get("format") == "path" else names.get(str(kind), "anything")
    return " ".join([name, *bounds])


def with_article(noun: str) -> str:
    """`an encoder`, `a decoder`."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _record_in(schema: dict[str, Any]) -> tuple[type | None, str]:
    """The record that a setting is, or of which it holds several; and what then follows its path."""
    for member in (schema, *schema.get("anyOf", ())):
        for inner, ending in ((member, ""), (member.get("additionalProperties"), ".NAME"), (member.get("items"), "[]")):
            if isinstance(inner, dict) and RECORD in inner:
                return inner[RECORD], ending
    return None, ""


def _written(value: Any, schema: dict[str, Any]) -> str:
    if repr(value) == "<factory>":  # a dataclass's default_factory: of an empty list or mapping
        return "`[]`" if schema.get("type") == "array" else "`{}`"
    if value is None:
        return "`~`"
    if isinstance(value, (bool, int, float, str, Path)):
        return f"`{str(value).lower() if isinstance(value, bool) else value}`"
    return f"`{list(value)}`" if isinstance(value, (list, tuple)) else ""


def bullet(setting: Setting) -> str:
    """An entry of a list in Markdown, in lines of at most 120 characters."""
    return textwrap.fill(f"- {setting}", 120, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
