"""A trained network as a `Rescaler`: what the codec does, taken apart so that each step can be measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hyperthumb.baselines import Rescaler
from hyperthumb.codec import photograph as path
from hyperthumb.codec.tiling import Analyzer, Restorer
from hyperthumb.jpeg.file import JpegThumbnail, Profile, read_jpeg, write_jpeg
from hyperthumb.models.contract import RescalingNetwork


@dataclass(frozen=True)
class NetworkThumbnail:
    """A thumbnail's coefficients, and the rate model's guess at their bits (None for one that was read from a file)."""

    jpeg: JpegThumbnail
    estimated_bits: float | None = None


class NetworkRescaler(Rescaler[NetworkThumbnail]):
    """Measures a network by the files it makes.

    Args:
        network: in eval mode from here on; its weights are taken as they are when it is first used.
        name: the row's name.
        profile: how the files are coded, see `write_jpeg`.
        rate_scale: multiplies the tables; above 1, smaller files.
        refine: steps of `refinement`; 0 is none. Takes a network with a rate model.
    """

    def __init__(
        self,
        network: RescalingNetwork,
        name: str = "HyperThumbnail",
        profile: Profile = "small",
        rate_scale: float = 1.0,
        refine: int = 0,
    ) -> None:
        self.network = network.eval()
        self.name = name
        self.scale = network.scale
        self.profile = profile
        self.rate_scale = rate_scale
        self.refine = refine

    @cached_property
    def _analyzer(self) -> Analyzer:
        return Analyzer(self.network)

    @cached_property
    def _restorer(self) -> Restorer:
        return Restorer(self.network)

    def downscale(self, image: np.ndarray) -> NetworkThumbnail:
        photograph = path.analyze(self._analyzer, image)
        if self.refine:
            photograph = path.refine(self.network, photograph, image, self.rate_scale, self.refine)
        return NetworkThumbnail(*path.quantize(self.network, photograph, self.rate_scale))

    def write(self, thumbnail: NetworkThumbnail) -> bytes:
        return write_jpeg(thumbnail.jpeg, self.profile)

    def read(self, data: bytes) -> NetworkThumbnail:
        return NetworkThumbnail(read_jpeg(data))

    def upscale(self, thumbnail: NetworkThumbnail, height: int, width: int) -> np.ndarray:
        sized, _ = path.with_size(thumbnail.jpeg, self.scale, (height, width))
        return path.restore(self._restorer, sized)

    def rate_estimate(self, thumbnail: NetworkThumbnail) -> float | None:
        return thumbnail.estimated_bits
