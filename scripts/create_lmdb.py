"""Puts a folder of pictures into an LMDB store: python scripts/create_lmdb.py FOLDER STORE.lmdb"""

from __future__ import annotations

import argparse
import sys

from tqdm import tqdm

from hyperthumb.data import HRImageDataset
from hyperthumb.data.lmdb_store import write_lmdb
from hyperthumb.errors import HyperthumbError


def main() -> int:
    parser = argparse.ArgumentParser(description="Puts a folder of pictures into an LMDB store in BasicSR's layout.")
    parser.add_argument("source", metavar="FOLDER", help="pictures, in subfolders too")
    parser.add_argument("target", metavar="STORE.lmdb", help="the store to make")
    parser.add_argument("--compress_level", type=int, choices=range(10), default=1, help="of the PNG files (default 1)")
    arguments = parser.parse_args()
    try:
        source = HRImageDataset(arguments.source)
        bar = tqdm(range(len(source)), unit="image", disable=not sys.stderr.isatty())
        write_lmdb(source, arguments.target, arguments.compress_level, bar)
    except HyperthumbError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{arguments.target}: {len(source)} pictures")
    return 0


if __name__ == "__main__":
    sys.exit(main())
