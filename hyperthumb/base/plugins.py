"""Imports users' modules, which register their own classes."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

from .errors import HyperthumbError


def import_plugin(name: str, folder: Path | None = None) -> None:
    """Imports a user's module, which registers its classes.

    Args:
        name: the module's name, such as my_package.losses. It is searched for in the working directory and among the
            installed packages.
        folder: a further folder, which is searched last.

    Raises:
        HyperthumbError: when `name` is not a module's name, or the import fails (its error is the cause).
    """
    if not all(part.isidentifier() for part in name.split(".")) or name.endswith(".py"):
        raise HyperthumbError(f'needs the name of a module, such as my_package.losses, not "{name}"')
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    if folder is not None and str(folder.resolve()) not in sys.path:
        sys.path.append(str(folder.resolve()))
    try:
        importlib.invalidate_caches()
        importlib.import_module(name)
    except Exception as error:  # a user's module may raise anything
        raise HyperthumbError(f'cannot import "{name}": {type(error).__name__}: {error}') from error
