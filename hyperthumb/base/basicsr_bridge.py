"""The only module that imports BasicSR. Options files can name any architecture in its registry.

Importing this module is cheap. The first look-up imports BasicSR, which takes seconds.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from functools import cache
from types import ModuleType

_GONE = "torchvision.transforms.functional_tensor"


def prepare_import() -> None:
    """Makes BasicSR 1.4.2 importable with torchvision 0.17 and later.

    BasicSR imports one function from a module that torchvision removed. A stand-in with that function is put into
    `sys.modules`. Call this before importing anything from BasicSR.
    """
    if _GONE in sys.modules or importlib.util.find_spec(_GONE) is not None:
        return
    functional = importlib.import_module("torchvision.transforms.functional")
    stand_in = ModuleType(_GONE, "Stands in for a module that torchvision removed in 0.17.")
    stand_in.rgb_to_grayscale = functional.rgb_to_grayscale  # type: ignore[attr-defined]
    sys.modules[_GONE] = stand_in


@cache
def _archs() -> dict[str, type]:
    """BasicSR's architectures by name; empty if it is not installed."""
    if importlib.util.find_spec("basicsr") is None:
        return {}
    prepare_import()
    importlib.import_module("basicsr.archs")
    registry = importlib.import_module("basicsr.utils.registry").ARCH_REGISTRY
    # A few are registered with this suffix, but BasicSR also finds them without it.
    return {name.removesuffix("_basicsr"): arch for name, arch in registry}


def find_arch(name: str) -> type | None:
    """BasicSR's architecture of this name; None if it does not exist or BasicSR is not installed."""
    return _archs().get(name)


def known_archs() -> list[str]:
    """The names of BasicSR's architectures, sorted; empty if it is not installed."""
    return sorted(_archs())
