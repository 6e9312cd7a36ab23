"""Writes the demo's photographs: python scripts/prepare_demo_photos.py [--out datasets/demo]"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from data_sets.demo_photos import prepare_demo_photos
from hyperthumb.base.output import entry_point


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 0 when all is well, 1 for a user's mistake."""
    parser = argparse.ArgumentParser(description="Writes a small photo set out of scikit-image's own photographs.")
    parser.add_argument("--out", default="datasets/demo", metavar="FOLDER", help="where train/ and test/ go")
    out = parser.parse_args(arguments).out
    photos = prepare_demo_photos(out)
    print(
        f"{out}: {len(photos.train)} photographs to train on, {len(photos.test)} to test on; "
        f"{photos.written or 'none'} written now"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
