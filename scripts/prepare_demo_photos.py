"""Writes the demo's photographs: python scripts/prepare_demo_photos.py [--out datasets/demo]"""

from __future__ import annotations

import argparse
import sys

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.data.sets.demo_photos import prepare_demo_photos


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes a small photo set out of scikit-image's own photographs.")
    parser.add_argument("--out", default="datasets/demo", metavar="FOLDER", help="where train/ and test/ go")
    arguments = parser.parse_args()
    try:
        photos = prepare_demo_photos(arguments.out)
    except HyperthumbError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(
        f"{arguments.out}: {len(photos.train)} photographs to train on, {len(photos.test)} to test on; "
        f"{photos.written or 'none'} written now"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
