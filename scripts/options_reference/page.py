"""The page docs/options.md."""

from __future__ import annotations

import inspect
import re
import textwrap

from hyperthumb.config.reference import CLASSES, KINDS, bullet, settings_of, with_article

_INTRODUCTION = """\
# Options

Every key of an options file with its type, its range and its default. This page is written by
`python scripts/write_options_reference.py`; `hyperthumb options KEY` prints an entry of it. How files inherit from each
other is in [training.md](training.md#inheriting-from-another-file).
"""


def page() -> str:
    """The reference as Markdown."""
    lines = [_INTRODUCTION]
    for title, cls in KINDS.values():
        lines += [f"## {title}", "", *map(bullet, settings_of(cls)), ""]
    for registry in CLASSES:
        lines += [f"## Types of {with_article(registry.kind)}", ""]
        for name in registry.names():
            cls = registry.get(name)
            summary = " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split())
            lines += [f"### {name}", "", *textwrap.wrap(summary, 120), ""]
            lines += [*map(bullet, (entry for entry in settings_of(cls) if entry.path not in registry.supplied)), ""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"
