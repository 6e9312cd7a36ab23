"""One registered class with its arguments, as options files, model files and code name it."""

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
        location: file and line where an options file names it, empty otherwise. Two components are equal wherever they
            stand.
    """

    type: str
    arguments: dict[str, Any] = field(default_factory=dict)
    location: str = field(default="", compare=False, repr=False)

    def build(self, registry: Registry, **supplied: Any) -> Any:
        """Make an instance of the class that `registry` (or, for networks and decoders, BasicSR) has under this type.

        Args:
            registry: where to look.
            supplied: what the caller knows, such as `scale`. The constructor gets those that it takes.

        Raises:
            RegistryError: for an unknown type.
            OptionsError: when an argument contradicts a supplied one, or the constructor refuses a value.
        """
        cls = find_class(registry, self.type) or registry.get(self.type)
        place = f"{self.location}: " if self.location else ""
        fitting = fitting_arguments(cls, supplied)
        for name in fitting.keys() & self.arguments.keys():
            if self.arguments[name] != fitting[name]:
                message = f"{name} is {self.arguments[name]} here, but has to be {fitting[name]}"
                raise OptionsError(f"{place}{self.type}: {message}")
        try:
            return cls(**grouped(cls, {**fitting, **self.arguments}))
        except OptionsError:  # a part that this class builds failed: the message has the part's own place
            raise
        # What a signature does not tell comes out as torch's errors too: layers that cannot be made.
        except (ValueError, TypeError, RuntimeError) as error:
            raise OptionsError(f"{place}{self.type}: {error}") from error


def find_class(registry: Registry, name: str) -> type | None:
    """The class that `registry` has under `name`, or, for networks and decoders, BasicSR; None when neither has one."""
    if name in registry:
        return registry.get(name)
    if registry in (ARCHS, DECODERS):
        from .basicsr_bridge import find_arch

        return find_arch(name)
    return None


def check_registered(component: Component, registry: Registry) -> None:
    """Check that the component and its parts have names that registries know; those of BasicSR do not count.

    Raises:
        RegistryError: for the first other name.
    """
    known, _ = parameters(registry.get(component.type))
    for name, argument in component.arguments.items():
        part = part_of(known[name].annotation) if name in known else None
        if part is not None and isinstance(argument, Component):
            check_registered(argument, part.registry)


def fitting_arguments(cls: type, supplied: dict[str, Any]) -> dict[str, Any]:
    """Those of the `supplied` arguments that the constructor of `cls` takes; BasicSR says `upscale` for `scale`."""
    known, _ = parameters(cls)
    fitting = {name: value for name, value in supplied.items() if name in known}
    if "scale" in supplied and "scale" not in known and "upscale" in known:
        fitting["upscale"] = supplied["scale"]
    return fitting
