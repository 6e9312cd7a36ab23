"""Modules of users, which register their own classes."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

from .errors import HyperthumbError


def import_plugin(name: str, folder: Path | None = None) -> None:
    """Imports a user's module, so that the classes that it registers have names.

    Args:
        name: of the module, such as my_package.losses. It is looked for in the working directory and among what is
            installed.
        folder: where it is looked for last.

    Raises:
        HyperthumbError: when it is not the name of a module, or the import fails; then the import's own error is the
            cause.
    """
    if not all(part.isidentifier() for part in name.split(".")):
        raise HyperthumbError(f'wants the name of a module, such as my_package.losses, not "{name}"')
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    if folder is not None and str(folder.resolve()) not in sys.path:
        sys.path.append(str(folder.resolve()))
    try:
        importlib.invalidate_caches()
        importlib.import_module(name)
    except Exception as error:  # a user's module may raise anything
        raise HyperthumbError(f'cannot import "{name}": {type(error).__name__}: {error}') from error
