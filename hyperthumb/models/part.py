"""A part named in code, where no options file is at hand."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Any

from hyperthumb.base.registry import Registry


@dataclass(frozen=True)
class Part:
    """A registered class' name with its arguments: `Part("LiteEncoder", {"num_feat": 32})`."""

    type: str
    arguments: dict[str, Any] = field(default_factory=dict)

    def build(self, registry: Registry, **supplied: Any) -> Any:
        """An instance, with what its constructor takes of `supplied`.

        Raises:
            RegistryError: for a name that `registry` does not know.
        """
        cls = registry.get(self.type)
        taken = inspect.signature(cls).parameters
        fitting = {name: value for name, value in supplied.items() if name in taken}
        return cls(**fitting, **self.arguments)
