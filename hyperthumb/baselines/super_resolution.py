"""Bicubic & JPEG & any super-resolution network that the package spandrel recognizes by its weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from torch import Tensor, nn

from hyperthumb.base.constraints import Existing
from hyperthumb.base.errors import CheckpointError, HyperthumbError, OptionsError
from hyperthumb.base.limits import Device
from hyperthumb.base.registry import BASELINES
from hyperthumb.models.weights import choose_weights, read_safely

from .enlarging import Enlarging
from .network_jpeg import TileSettings
from .pillow_jpeg import JpegSettings


@BASELINES.register()
class SuperResolution(Enlarging):
    """Antialiased bicubic down, a JPEG from libjpeg, and a super-resolution network, known by its weights alone.

    Args:
        scale: the factor; the network must have the same one.
        checkpoint: weights as their authors published them, `.pth` or `.safetensors`. spandrel finds the architecture
            and its sizes: SwinIR, RCAN, HAT, SPAN, SAFMN and thirty more.
        thumbnail: the file's format, `jpeg` or `png`.
        quality: libjpeg's 1..100.
        subsampling: chroma, "4:4:4", "4:2:2" or "4:2:0".
        optimize: write Huffman tables that are optimal for the picture.
        tile: the largest tile side in HR pixels. A photograph with a side longer than `tile + 2 * overlap` is enlarged
            in tiles. None never uses tiles.
        overlap: HR pixels beyond its own area that a tile sees on each side.
        device: where the network runs.

    Raises:
        HyperthumbError: when spandrel is not installed.
        CheckpointError: when the checkpoint cannot be read, or spandrel does not know its network.
        OptionsError: when the network has another scale, or does not map RGB to RGB.
    """

    def __init__(
        self,
        scale: int,
        checkpoint: Annotated[Path, Existing()],
        jpeg: JpegSettings = JpegSettings(),
        tiles: TileSettings = TileSettings(),
        device: Device = "auto",
    ) -> None:
        found = _recognize(checkpoint)
        kind = found.architecture.name
        if (found.input_channels, found.output_channels) != (3, 3):
            raise OptionsError(f"{checkpoint} holds a {kind} that does not map RGB pictures to RGB pictures")
        if found.scale != scale:
            raise OptionsError(f"{checkpoint} holds a {kind} of scale {found.scale}, but the thumbnail's is {scale}")
        multiple = found.size_requirements.multiple_of
        super().__init__(scale, _Recognized(found), jpeg, tiles, multiple, device)
        self.name = f"Bicubic & {jpeg} & {kind}"
        self.checkpoint = checkpoint


class _Recognized(nn.Module):
    """A network as spandrel calls it: it pads the picture, and clamps the result to 0..1."""

    def __init__(self, found: Any) -> None:
        super().__init__()
        self.model, self._found = found.model, found

    def forward(self, rgb: Tensor) -> Tensor:
        restored: Tensor = self._found(rgb)
        return restored


def _recognize(checkpoint: Path) -> Any:
    """spandrel's description of the network that the weights belong to, with the weights loaded."""
    try:
        import spandrel
    except ImportError as error:
        raise HyperthumbError(
            "SuperResolution needs the package spandrel: run `pip install 'hyperthumb[rivals]'`"
        ) from error
    weights = choose_weights(read_safely(checkpoint), "auto", checkpoint)
    try:
        found = spandrel.ModelLoader().load_from_state_dict(weights)
    except Exception as error:  # an unknown architecture has its class; damaged sizes raise whatever they cause
        raise CheckpointError(f"{checkpoint} does not hold the weights of a network that spandrel knows") from error
    if not isinstance(found, spandrel.ImageModelDescriptor):
        raise OptionsError(f"{checkpoint} holds a {found.architecture.name}, which does not enlarge pictures")
    return found
