"""A small photo set out of the photographs that scikit-image carries inside its package. Nothing is downloaded.

Left out of what it carries: drawings, text, medical and microscope pictures, star fields, and whatever is blurred.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import NamedTuple

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.data.image_io import read_image, write_png

TRAIN_PHOTOS = (
    "astronaut.png",
    "motorcycle_left.png",
    "motorcycle_right.png",
    "rocket.jpg",
    "camera.png",  # grey from here on
    "brick.png",
    "coins.png",
    "grass.png",
    "gravel.png",
)
TEST_PHOTOS = ("chelsea.png", "coffee.png")


class DemoPhotos(NamedTuple):
    """Where the photographs lie, and how many of them had to be written."""

    train: list[Path]
    test: list[Path]
    written: int


def prepare_demo_photos(folder: str | Path) -> DemoPhotos:
    """Writes `train/*.png` and `test/*.png` below a folder, in full size; pictures that are there already stay.

    Args:
        folder: made where it is missing.

    Raises:
        HyperthumbError: when scikit-image is missing or carries other pictures.
    """
    folder = Path(folder)
    carried = _scikit_image_data()
    written = 0
    targets: dict[str, list[Path]] = {}
    for part, files in (("train", TRAIN_PHOTOS), ("test", TEST_PHOTOS)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        targets[part] = [folder / part / Path(file).with_suffix(".png") for file in files]
        for file, target in zip(files, targets[part], strict=True):
            if not target.exists():
                write_png(target, read_image(carried / file))
                written += 1
    return DemoPhotos(targets["train"], targets["test"], written)


def _scikit_image_data() -> Path:
    """The folder of pictures in scikit-image's package, which need not be imported for it."""
    package = importlib.util.find_spec("skimage")
    if package is None or package.origin is None:
        raise HyperthumbError("scikit-image is not installed; the demo's photographs are in its package")
    return Path(package.origin).parent / "data"
