"""Writes the reference of the Python interface as HTML, from the docstrings: python scripts/write_api.py"""

from __future__ import annotations

import argparse
import html
import importlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.files import make_folder
from hyperthumb.base.output import entry_point

MODULES = (
    "hyperthumb",
    "hyperthumb.jpeg",
    "hyperthumb.metrics",
    "hyperthumb.losses",
    "hyperthumb.archs.rate_model",
    "hyperthumb.codec.codec",
    "hyperthumb.models.contract",
    "hyperthumb.registry",
)


def write_api(folder: Path) -> list[Path]:
    """Writes a page for each of `MODULES`, an index page, and a search index; returns the paths of the pages.

    Raises:
        HyperthumbError: if pdoc is not installed.
    """
    try:
        from pdoc import doc, render
    except ImportError as error:
        raise HyperthumbError('pdoc is not installed; install it with `pip install -e ".[dev]"`') from error
    render.configure(docformat="google", show_source=False)
    modules = {name: doc.Module(_imported(name)) for name in MODULES}
    make_folder(folder)
    pages = []
    for name, module in modules.items():
        page = folder.joinpath(*name.split(".")).with_suffix(".html")
        make_folder(page.parent)
        page.write_text(render.html_module(module, modules), encoding="utf-8")
        pages.append(page)
    (folder / "index.html").write_text(_index(modules), encoding="utf-8")
    (folder / "search.js").write_text(render.search_index(modules), encoding="utf-8")
    return pages


def _index(modules: Mapping[str, Any]) -> str:
    """A page with links to all modules. pdoc's index page would only lead to the page of the package."""
    lines = [
        f'<li><a href="{name.replace(".", "/")}.html">{name}</a>: {html.escape(module.docstring.splitlines()[0])}</li>'
        for name, module in modules.items()
    ]
    title = "hyperthumb: the Python interface"
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>'
    return "\n".join([head, "<ul>", *lines, "</ul></html>\n"])


def _imported(name: str) -> ModuleType:
    """Imports a module for pdoc: loads its lazy names, and resolves the types of named tuples."""
    module = importlib.import_module(name)
    for public in getattr(module, "__all__", vars(module).copy()):
        value = getattr(module, public)
        if isinstance(value, type) and issubclass(value, tuple) and hasattr(value, "_fields"):
            value.__new__.__annotations__ = get_type_hints(value)
    return module


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns 0, or 1 for an error."""
    parser = argparse.ArgumentParser(description="Writes the reference of the Python interface, from the docstrings.")
    parser.add_argument("--out", default="build/api", type=Path, metavar="FOLDER", help="the folder for the pages")
    out = parser.parse_args(arguments).out
    print(f"{out}: {len(write_api(out))} pages; open {out / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
