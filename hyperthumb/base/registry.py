"""Registries that map names in options files to classes. Classes are registered by a decorator.

A registry imports the modules that fill it at the first look-up, so importing hyperthumb stays cheap.

    @ARCHS.register()
    class HyperThumbnail(nn.Module): ...

    ARCHS.get("HyperThumbnail")
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from .errors import RegistryError
from .wording import did_you_mean

T = TypeVar("T", bound=type)


class Registry:
    """A mapping from names to classes of one kind.

    Args:
        kind: a word for the classes ("network", "dataset"), for messages.
        modules: modules whose import registers our classes; imported at the first look-up.
        supplied: arguments that the program passes to constructors itself. An options file may omit them.
    """

    def __init__(self, kind: str, modules: tuple[str, ...] = (), supplied: tuple[str, ...] = ()) -> None:
        self.kind, self.supplied = kind, supplied
        self._modules = modules
        self._classes: dict[str, type] = {}

    def register(self, name: str | None = None) -> Callable[[T], T]:
        """Decorator that registers a class under `name`, or under its own name.

        Raises:
            RegistryError: when another class has this name.
        """

        def decorate(cls: T) -> T:
            key = name or cls.__name__
            if self._classes.get(key, cls) is not cls:
                raise RegistryError(
                    f'the {self.kind} "{key}" is already registered by {self._classes[key].__module__}; '
                    "give yours another name"
                )
            self._classes[key] = cls
            return cls

        return decorate

    def names(self) -> list[str]:
        """All registered names, sorted."""
        self._load()
        return sorted(self._classes)

    def __contains__(self, name: object) -> bool:
        self._load()
        return name in self._classes

    def get(self, name: str) -> type:
        """The class registered under `name`.

        Raises:
            RegistryError: when the name is unknown; the message lists the known names.
        """
        self._load()
        if name not in self._classes:
            raise RegistryError(self.complaint(name))
        return self._classes[name]

    def complaint(self, name: str) -> str:
        """The message for an unknown name, with the most similar known name and the list of all."""
        known = self.names()
        return f'unknown {self.kind} "{name}"{did_you_mean(name, known)} (known: {", ".join(known) or "none"})'

    def _load(self) -> None:
        modules, self._modules = self._modules, ()
        for module in modules:
            importlib.import_module(module)


@dataclass(frozen=True)
class PartOf:
    """Marks a constructor's parameter as a nested component: `encoder: Annotated[Component, PartOf(ENCODERS)]`."""

    registry: Registry


ARCHS = Registry("network", ("hyperthumb.archs", "hyperthumb.archs.rivals"), supplied=("scale",))
ENCODERS = Registry("encoder", ("hyperthumb.archs",), supplied=("scale",))
QUANTIZATIONS = Registry("quantization", ("hyperthumb.archs",), supplied=("scale",))
RATE_MODELS = Registry("rate model", ("hyperthumb.archs",), supplied=("scale",))
DECODERS = Registry("decoder", ("hyperthumb.archs",), supplied=("scale",))
DATASETS = Registry("dataset", ("hyperthumb.data",))
LOSSES = Registry("loss", ("hyperthumb.losses",))
BASELINES = Registry("baseline", ("hyperthumb.baselines",), supplied=("scale",))
