"""hyperthumb: image rescaling with rate-distortion optimisation, through ordinary JPEG thumbnails."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hyperthumb.base.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    import numpy as np

    from hyperthumb.base.limits import Backend, Engine, GraphPrecision
    from hyperthumb.codec.codec import Codec
    from hyperthumb.images.exif import ExifChoice
    from hyperthumb.images.pictures import Picture
    from hyperthumb.images.profiles import IccChoice
    from hyperthumb.runtime.export import Exported, Parts

__all__ = ["__version__", "export", "load", "read_picture"]

# Plug-ins import `hyperthumb.registry` and a few other short names, which live in a folder of their own.
__path__.append(str(Path(__file__).parent / "plugin_names"))


def load(
    name_or_path: str | PathLike[str] | None = None,
    device: str = "auto",
    backend: Backend = "jpeglib",
    engine: Engine = "auto",
    encoder_precision: GraphPrecision = "fp32",
) -> Codec:
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
        engine: what runs the model: torch, onnxruntime or openvino. auto takes torch for a GPU and for a model without
            exported graphs beside it; else ONNX Runtime, OpenVINO or torch, the first that is installed.
        encoder_precision: the precision in which `Codec.compress` runs the encoder: fp32; or fp16 or int8, which need
            an engine other than torch, and an encoder that was exported in this precision beside the model file.

    Raises:
        CheckpointError: when there is no such model, or it cannot be read.
        OptionsError: for a device or an engine that is not there, and for a precision that the engine does not have.
        HyperthumbError: when the engine is not installed.
        ThumbnailError: for a backend that is not installed.
    """
    from hyperthumb.codec.codec import load as load_codec

    return load_codec(name_or_path, device, backend, engine, encoder_precision)


def export(
    name_or_path: str | PathLike[str],
    folder: str | PathLike[str] = ".",
    part: Parts = "both",
    precision: GraphPrecision = "fp32",
    photographs: Sequence[np.ndarray] = (),
) -> list[Exported]:
    """Writes a model as ONNX files that run without PyTorch. Each is compared with the network before it is written.

    It does what `hyperthumb export` does, and needs PyTorch (`pip install hyperthumb[train]`).

    >>> import hyperthumb
    >>> (decoder,) = hyperthumb.export("lite_4x", "exported", part="decoder")  # doctest: +SKIP
    >>> decoder.path  # doctest: +SKIP
    PosixPath('exported/lite_4x.decoder.onnx')

    Args:
        name_or_path: a model that ships with hyperthumb, by name; a model file; a training's folder or checkpoint.
        folder: the folder for the files. It is created if it does not exist.
        part: decoder, for restoring; encoder, which includes the tables; or both.
        precision: the precision of the layers of encoder and decoder: fp32, fp16 or int8. The tables are always fp32.
        photographs: uint8 (H, W, 3) arrays, to calibrate int8 and to measure what fp16 and int8 lose. Other exports do
            not use them.

    Returns:
        The path, size, manifest and measured difference of each file.

    Raises:
        CheckpointError: if the model does not exist or cannot be read.
        HyperthumbError: if the network cannot be exported, a photograph is too small, or a graph and the network
            differ by more than allowed.
    """
    from hyperthumb.codec.export import export as export_from

    return export_from(name_or_path, folder, part, precision, photographs)


def read_picture(
    path: str | PathLike[str],
    background: tuple[int, int, int] | None = None,
    icc: IccChoice = "keep",
    exif: ExifChoice = "none",
    max_pixels: int = 89_478_485,
) -> Picture:
    """The photograph in a PNG, JPEG, WebP, TIFF or BMP file, upright, as `Codec.compress` takes it.

    >>> import hyperthumb
    >>> picture = hyperthumb.read_picture("photo.jpg", icc="srgb", exif="basic")  # doctest: +SKIP
    >>> data = hyperthumb.load().compress(picture)  # doctest: +SKIP

    Args:
        path: the file.
        background: the RGB color, 0..255, that shows through where the picture is transparent; None refuses those.
        icc: keep leaves an RGB profile as it is; srgb converts the pixels to sRGB, which needs no profile; drop leaves
            the profile out. One that describes sRGB is left out in any case.
        exif: none; basic for date, camera and lens, but neither place nor serial numbers nor names; all for everything
            but the orientation, which is applied, and the embedded preview.
        max_pixels: a picture of more is refused. Pillow refuses those of more than twice its own
            `PIL.Image.MAX_IMAGE_PIXELS` beside it, which has the same default.

    Returns:
        The pixels, uint8 (H, W, 3); the profile and the EXIF data that are kept; and `notes`, sentences about what was
        changed or lost.

    Raises:
        CorruptImageError: when the picture cannot be decoded whole.
        UnusableImageError: for transparent, floating-point and enormous pictures, and for CMYK without a profile.
        HyperthumbError: when the file cannot be read, and for a choice that does not exist.
    """
    from hyperthumb.images.pictures import read_picture as read

    return read(path, background, icc, exif, max_pixels)
