"""A registered class with its arguments, as written in options files, model files and code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .errors import OptionsError
from .registry import ARCHS, DECODERS, Registry
from .signature import grouped, parameters, part_of


@dataclass(frozen=True)
class Component:
    """A class's registered name with its arguments: `Component("LiteEncoder", {"num_feat": 32})`.

    Attributes:
        type: the name.
        arguments: the constructor's keyword arguments; nested parts are `Component`s themselves.
        location: file and line in an options file, or empty. It is ignored in comparisons.
    """

    type: str
    arguments: dict[str, Any] = field(default_factory=dict)
    location: str = field(default="", compare=False, repr=False)

    def build(self, registry: Registry, **supplied: Any) -> Any:
        """Creates an instance of the class with this type in `registry` (for networks and decoders, also in BasicSR).

        Args:
            registry: where to look.
            supplied: arguments from the caller, such as `scale`. The constructor gets those that it accepts.

        Raises:
            RegistryError: when the type is unknown.
            OptionsError: when an argument contradicts a supplied one, or the constructor refuses a value.
        """
        cls = find_class(registry, self.type) or registry.get(self.type)
        place = f"{self.location}: " if self.location else ""
        fitting = fitting_arguments(cls, supplied)
        for name in fitting.keys() & self.arguments.keys():
            if self.arguments[name] != fitting[name]:
                message = f"{name} must be {fitting[name]}, not {self.arguments[name]}"
                raise OptionsError(f"{place}{self.type}: {message}")
        try:
            return cls(**grouped(cls, {**fitting, **self.arguments}))
        except OptionsError:  # raised by a nested part; its message already names the part's location
            raise
        # torch raises such errors for values that a signature cannot exclude, such as impossible layer sizes.
        except (ValueError, TypeError, RuntimeError) as error:
            raise OptionsError(f"{place}{self.type}: {error}") from error


def find_class(registry: Registry, name: str) -> type | None:
    """Finds a class by name in `registry` or, for networks and decoders, in BasicSR; None if there is none."""
    if name in registry:
        return registry.get(name)
    if registry in (ARCHS, DECODERS):
        from .basicsr_bridge import find_arch

        return find_arch(name)
    return None


def registered_classes(component: Component, registry: Registry) -> list[type]:
    """The classes of the component and of its parts. BasicSR's architectures do not count as registered.

    Raises:
        RegistryError: for the first name that is not registered.
    """
    classes = [registry.get(component.type)]
    known, _ = parameters(classes[0])
    for name, argument in component.arguments.items():
        part = part_of(known[name].annotation) if name in known else None
        if part is not None and isinstance(argument, Component):
            classes += registered_classes(argument, part.registry)
    return classes


def fitting_arguments(cls: type, supplied: dict[str, Any]) -> dict[str, Any]:
    """Selects the `supplied` arguments that the constructor of `cls` accepts. BasicSR calls `scale` `upscale`."""
    known, _ = parameters(cls)
    fitting = {name: value for name, value in supplied.items() if name in known}
    if "scale" in supplied and "scale" not in known and "upscale" in known:
        fitting["upscale"] = supplied["scale"]
    return fitting
