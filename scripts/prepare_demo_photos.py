"""Writes the demo's photographs: python scripts/prepare_demo_photos.py [--out datasets/demo]"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from data_sets.demo_photos import prepare_demo_photos
from hyperthumb.base.output import entry_point


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns 0, or 1 for an error."""
    parser = argparse.ArgumentParser(description="Writes a small photo set made from scikit-image's photographs.")
    parser.add_argument("--out", default="datasets/demo", metavar="FOLDER", help="the folder for train/ and test/")
    out = parser.parse_args(arguments).out
    photos = prepare_demo_photos(out)
    print(
        f"{out}: {len(photos.train)} photographs for training, {len(photos.test)} for testing; "
        f"{photos.written or 'none'} written now"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
