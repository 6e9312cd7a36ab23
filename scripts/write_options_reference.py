"""Writes docs/options.md and the JSON schemas in options/schema/ from the code that reads options files.

    python scripts/write_options_reference.py [FOLDER]

The files are written in FOLDER, or in the repository's root.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from hyperthumb.base.files import write_atomically  # noqa: E402
from hyperthumb.base.output import entry_point  # noqa: E402
from hyperthumb.config.reference import KINDS  # noqa: E402
from options_reference.editor_schema import editor_schema  # noqa: E402
from options_reference.page import page  # noqa: E402


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Writes all files in the given folder, or in the repository's root."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT, metavar="FOLDER")
    root = parser.parse_args(arguments).folder
    files = {"docs/options.md": page()} | {f"options/schema/{kind}.json": editor_schema(kind) for kind in KINDS}
    for name, text in files.items():
        write_atomically(root / name, text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
