"""hyperthumb: image rescaling with rate-distortion optimisation, through ordinary JPEG thumbnails."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hyperthumb.base.version import __version__

if TYPE_CHECKING:
    from os import PathLike

    from hyperthumb.codec.codec import Codec
    from hyperthumb.jpeg.backends import Backend

__all__ = ["__version__", "load"]

# Plug-ins import `hyperthumb.registry` and a few other short names, which live in a folder of their own.
__path__.append(str(Path(__file__).parent / "plugin_names"))


def load(name_or_path: str | PathLike[str] | None = None, device: str = "auto", backend: Backend = "jpeglib") -> Codec:
    """A model that turns photographs into thumbnails, and thumbnails into photographs.

    >>> import numpy as np
    >>> import hyperthumb
    >>> codec = hyperthumb.load(device="cpu")
    >>> rows, columns = np.mgrid[0:120, 0:161]
    >>> photograph = np.stack([rows + columns // 2, 200 - rows, columns], axis=2).astype(np.uint8)
    >>> thumbnail = codec.compress(photograph, max_bytes=2000)
    >>> thumbnail[:2] == b"\\xff\\xd8", len(thumbnail) <= 2000
    (True, True)
    >>> restored = codec.restore(thumbnail)
    >>> restored.shape, restored.dtype
    ((120, 161, 3), dtype('uint8'))

    Args:
        name_or_path: a model that ships with hyperthumb, by name; a model file; a training's folder; or one of its
            checkpoints. None is the best model that ships, and restores what any
            shipped model made with that one.
        device: auto (CUDA where there is one), cpu, cuda or mps.
        backend: the library that codes the files: jpeglib, or torchjpeg where it was built.

    Raises:
        CheckpointError: when there is no such model, or it cannot be read.
        OptionsError: for a device that is not there.
        ThumbnailError: for a backend that is not installed.
    """
    from hyperthumb.codec.codec import load as load_codec

    return load_codec(name_or_path, device, backend)
