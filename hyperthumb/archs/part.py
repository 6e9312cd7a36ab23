"""A part named in code, where no options file is at hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..registry import Registry


@dataclass(frozen=True)
class Part:
    """A registered class' name with its arguments: `Part("LiteEncoder", {"num_feat": 32})`."""

    type: str
    arguments: dict[str, Any] = field(default_factory=dict)

    def build(self, registry: Registry, **supplied: Any) -> Any:
        """An instance; encoders and decoders of ours take the supplied scale, other parts have no use for it.

        Raises:
            RegistryError: for a name that `registry` does not know.
        """
        cls = registry.get(self.type)
        scale = {"scale": supplied["scale"]} if registry.kind in ("encoder", "decoder", "network") else {}
        return cls(**scale, **self.arguments)
