"""Prints a thumbnail's size and the PSNR of its restored photograph: compare_pictures.py PHOTO THUMBNAIL RESTORED"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hyperthumb.base.output import emit, entry_point
from hyperthumb.data import read_image
from hyperthumb.metrics import bits_per_pixel, get_protocol


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns 0, or 1 for an error."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("photo", "thumbnail", "restored"):
        parser.add_argument(name, type=Path)
    paths = parser.parse_args(arguments)
    emit(describe(paths.photo, paths.thumbnail, paths.restored))
    return 0


def describe(photo: Path, thumbnail: Path, restored: Path) -> str:
    """Describes each file in one line.

    Raises:
        HyperthumbError: if a file is not a picture, or the restored photograph has another size.
    """
    pictures = [read_image(path) for path in (photo, thumbnail, restored)]
    sizes = [path.stat().st_size for path in (photo, thumbnail, restored)]
    bpp = bits_per_pixel(sizes[1], *pictures[0].shape[:2])
    facts = [
        "",
        f"{bpp:.3f} bits per pixel of the photograph, 1/{sizes[0] / sizes[1]:.0f} of its file",
        f"{get_protocol('paper', 1).psnr_rgb(pictures[0], pictures[2]):.2f} dB PSNR-RGB against the photograph",
    ]
    lines = []
    for path, picture, size, fact in zip((photo, thumbnail, restored), pictures, sizes, facts, strict=True):
        shape = f"{picture.shape[1]}x{picture.shape[0]}"
        lines.append(f"{path}: {shape}, {size:,} bytes{', ' * bool(fact)}{fact}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
