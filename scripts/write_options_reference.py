"""Writes docs/options.md and the JSON schemas of options/schema/ out of the code that reads options files.

    python scripts/write_options_reference.py [FOLDER]

FOLDER takes the place of the repository's root.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from hyperthumb.config.editor_schema import editor_schema  # noqa: E402
from hyperthumb.config.reference import KINDS, page  # noqa: E402


def main(root: Path) -> None:
    """Write all files below `root`."""
    files = {"docs/options.md": page()} | {f"options/schema/{kind}.json": editor_schema(kind) for kind in KINDS}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
