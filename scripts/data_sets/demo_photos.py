"""A small photo set made from photographs in scikit-image's package. Nothing is downloaded.

Other pictures of the package are left out: drawings, text, medical and microscope images, star fields, blurred ones.
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
    """The paths of the photographs, and how many of them were written."""

    train: list[Path]
    test: list[Path]
    written: int


def prepare_demo_photos(folder: str | Path) -> DemoPhotos:
    """Writes `train/*.png` and `test/*.png` in full size to a folder. Existing pictures are kept.

    Args:
        folder: the folder; it is created if needed.

    Raises:
        HyperthumbError: when scikit-image is not installed or lacks a picture.
    """
    folder = Path(folder)
    carried = _scikit_image_data()
    written = 0
    targets: dict[str, list[Path]] = {}
    for part, files in (("train", TRAIN_PHOTOS), ("test", TEST_PHOTOS)):
        targets[part] = [folder / part / Path(file).with_suffix(".png") for file in files]
        for file, target in zip(files, targets[part], strict=True):
            if not target.exists():
                write_png(target, read_image(carried / file))
                written += 1
    return DemoPhotos(targets["train"], targets["test"], written)


def _scikit_image_data() -> Path:
    """The folder of pictures in scikit-image's package. It is found without importing the package."""
    package = importlib.util.find_spec("skimage")
    if package is None or package.origin is None:
        raise HyperthumbError("the demo's photographs are part of scikit-image: pip install scikit-image")
    return Path(package.origin).parent / "data"
