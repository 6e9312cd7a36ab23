"""Sections to records and components, with every complaint in its place.

A record (a dataclass of `schema.py`) and a component (a class that the file names) are read alike: the keys of a
section are the arguments of the constructor, and pydantic checks each value by the constructor's annotation.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hyperthumb.base.component import Component, find_class, fitting_arguments
from hyperthumb.base.registry import ARCHS, DECODERS, Registry
from hyperthumb.base.signature import parameters, part_of
from hyperthumb.base.wording import did_you_mean

from .annotations import adapter_of, record_in, refusal
from .complaints import Complaints, Ignored, Location
from .explain import explain, show
from .ignored import KEYS
from .tree import REFUSED, Section, plain


class Unreadable(Exception):
    """A check has met `INVALID`."""


class _Invalid:
    """Stands for a value that was complained of, so that what depends on the others can still be checked."""

    def _stop(self, *_: Any) -> Any:
        raise Unreadable

    __getattr__ = __bool__ = __eq__ = __lt__ = __gt__ = __iter__ = __len__ = __mod__ = __rmul__ = __hash__ = _stop


INVALID: Any = _Invalid()


class Reader:
    """Reads one file's tree.

    Attributes:
        complaints: what was wrong.
        ignored: the settings without effect that were met.
        scale: the file's, which the program supplies to networks and baselines; None where it is not known.
        written: what the file says of a value that held a variable.
        files_may_be_missing: whether settings may name files that do not exist.
        data_may_be_missing: the same for the folders of data sets.
    """

    def __init__(
        self,
        complaints: Complaints,
        scale: Any = None,
        files_may_be_missing: bool = False,
        data_may_be_missing: bool = False,
    ) -> None:
        self.complaints, self.scale = complaints, scale
        self.files_may_be_missing, self.data_may_be_missing = files_may_be_missing, data_may_be_missing
        self.ignored: list[Ignored] = []
        self.written: dict[str, str] = {}

    def record(self, cls: Any, section: Any, **given: Any) -> Any:
        """An instance of the dataclass `cls` from the keys of a section; `given` fields do not come from the file.

        Fields that were complained of are `INVALID`, so the complaints must be raised before the instance is used.

        Raises:
            PydanticCustomError: when it is not a section at all.
        """
        flat, known = getattr(cls, "flat", None), parameters(cls)[0]
        if not isinstance(section, Section):
            hint = f"; write {{type: {section}}}" if flat and isinstance(section, str) else ""
            raise refusal(f"must be a mapping of keys, not {show(section)}{hint}")
        without_effect = KEYS.get(cls, {})
        for key in section.keys() & without_effect.keys():
            self.ignored.append(Ignored(*section.locate([key]), without_effect[key]))
        section = section.select(key for key in section if key not in without_effect)
        if flat:
            own = [key for key in section if key in known and key != flat]
            rest = section.select(key for key in section if key not in own)
            part = part_of(known[flat].annotation)
            assert part is not None
            given[flat] = self.component(part.registry, rest, beside=[name for name in known if name != flat])
            section = section.select(own)
        return cls(**given, **self._arguments(cls, section, given))

    def component(self, registry: Registry, section: Any, beside: Iterable[str] = ()) -> Any:
        """A checked `Component` of a class in `registry`, or `INVALID` after complaints.

        `beside` are other keys that may stand in the section, for "did you mean".

        Raises:
            PydanticCustomError: when it is not a section at all.
        """
        if isinstance(section, str) and section in registry:
            raise refusal(f"must be a mapping: write {{type: {section}}}")
        if not isinstance(section, Section):
            raise refusal(f"must be a mapping with the type of a {registry.kind}, not {show(section)}")
        name = section.get("type")
        if "type" not in section:
            known = f"known for a {registry.kind}: {', '.join(registry.names())}"
            self.complaints.add(section.location, section.path, f'the key "type" is missing ({known})')
        elif not isinstance(name, str):
            if name is not REFUSED:
                self.complaints.add(*section.locate(["type"]), f"must be text, not {show(name)}")
        elif (cls := find_class(registry, name)) is None:
            self.complaints.add(section.places["type"], section.path, _unknown_class(registry, name))
        else:
            supplied = fitting_arguments(cls, {name: getattr(self, name) for name in registry.supplied})
            for key in supplied.keys() & section.keys():
                self._check_agreement(section, key, supplied[key])
            own = section.select(key for key in section if key not in supplied and key != "type")
            arguments = self._arguments(cls, own, supplied, [*beside, "type"], needed_by=name)
            for key in arguments:
                if key.startswith("dataroot_") and isinstance(arguments[key], str):
                    arguments[key] = self._existing_folder(arguments[key], section, key)
            return Component(name, arguments, str(section.location))
        return INVALID

    def _arguments(
        self, cls: type, section: Section, given: Iterable[str], beside: Iterable[str] = (), needed_by: str = ""
    ) -> dict[str, Any]:
        """The section's values as the constructor of `cls` wants them; those that do not fit are `INVALID`."""
        known, takes_any = parameters(cls)
        arguments: dict[str, Any] = {}
        for key, value in section.items():
            if key not in known and not takes_any:
                names = [name for name in (*known, *beside) if name not in given]
                listed = ", ".join(name for name in names if name != "type") or "none"
                hint = did_you_mean(key, names) or f" (known here: {listed})"
                self.complaints.add(section.places[key], section.path, f'unknown key "{key}"{hint}')
                continue
            if value is None and key in known and record_in(known[key].annotation):
                value = Section(*section.locate([key]))  # all keys of a section are commented out
            arguments[key] = self._value(cls, key, value, section)
        for name, parameter in known.items():
            if parameter.required and name not in section and name not in given:
                hint = f" ({needed_by} needs it)" if needed_by else ""
                self.complaints.add(section.location, section.path, f'the key "{name}" is missing{hint}')
                arguments[name] = INVALID
        return arguments

    def _value(self, cls: type, key: str, value: Any, section: Section) -> Any:
        if value is REFUSED:
            return INVALID
        try:
            return adapter_of(cls, key).validate_python(value, context=self)
        except ValidationError as error:
            for location, where, message in explain(error, section, key):
                self.complaints.add(location, where, message)
        return INVALID

    def problems(self, cls: type, key: str, value: Any) -> list[str]:
        """What is wrong with a value for one argument of the constructor of `cls`."""
        try:
            adapter_of(cls, key).validate_python(value, context=self)
        except ValidationError as error:
            return [message for *_, message in explain(error, Section(Location("")), key)]
        return []

    def _check_agreement(self, section: Section, key: str, expected: Any) -> None:
        value = plain(section[key])
        if None in (expected, value) or value is REFUSED:
            return
        if type(value) is not type(expected) or value != expected:
            message = f"is {show(section[key])}, but the file's scale is {expected}"
            self.complaints.add(*section.locate([key]), message)

    def _existing_folder(self, folder: str, section: Section, key: str) -> str:
        path = Path(folder).expanduser()
        if not self.data_may_be_missing and not path.exists():
            written = self.written.get(folder)
            hint = f" ({written}; set HYPERTHUMB_DATA to the folder of the data sets)" if written else ""
            self.complaints.add(*section.locate([key]), f"there is no folder {path}{hint}")
        return str(path)


def _unknown_class(registry: Registry, name: str) -> str:
    message, own = registry.complaint(name), "; if it is yours, name its module under `plugins:`"
    if registry not in (ARCHS, DECODERS):
        return message + own
    from hyperthumb.base.basicsr_bridge import known_archs

    foreign = known_archs()
    hint = "" if "did you mean" in message else did_you_mean(name, foreign)
    return (f"{message}{hint} (of BasicSR: {', '.join(foreign)})" if foreign else message) + own
