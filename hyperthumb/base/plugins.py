"""Modules of users, which register classes of their own."""

from __future__ import annotations

import importlib
import os
import sys

from .errors import HyperthumbError


def import_plugin(name: str) -> None:
    """Imports a user's module, found from the working directory, so that the classes that it registers have names.

    Args:
        name: of the module, such as my_package.losses.

    Raises:
        HyperthumbError: when it is not the name of a module, or the import fails.
    """
    if not all(part.isidentifier() for part in name.split(".")):
        raise HyperthumbError(f'wants the name of a module, such as my_package.losses, not "{name}"')
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        importlib.import_module(name)
    except Exception as error:  # a user's module may raise anything
        raise HyperthumbError(f'cannot import "{name}": {type(error).__name__}: {error}') from error
