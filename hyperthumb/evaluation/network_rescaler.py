"""A trained network as a `Rescaler`: what the codec does, taken apart so that each step can be measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from hyperthumb.base.limits import Profile, Refine, find_refinement
from hyperthumb.baselines import Rescaler
from hyperthumb.baselines.complexity import Complexity, measure_complexity
from hyperthumb.codec import photograph as path
from hyperthumb.jpeg.file import JpegThumbnail, read_jpeg, write_jpeg
from hyperthumb.models.contract import RescalingNetwork
from hyperthumb.models.file import LoadedModel
from hyperthumb.runtime.torch_engine import TorchEngine


@dataclass(frozen=True)
class NetworkThumbnail:
    """A thumbnail's coefficients, and the estimate of their bits that the network made while quantizing, if any."""

    jpeg: JpegThumbnail
    estimated_bits: float | None = None


class NetworkRescaler(Rescaler[NetworkThumbnail]):
    """Measures a network by the files it makes.

    Args:
        network: in eval mode from here on; its weights are taken as they are when it is first used.
        name: the row's name.
        profile: how the files are coded, see `write_jpeg`.
        rate_scale: multiplies the tables; above 1, smaller files.
        refine: how thumbnails are refined, see `find_refinement`; 0 is none.
        rate_model: of a network without its own, such as a `LoadedModel`'s. Its estimates are not part of any time,
            except in refining the encoder.
    """

    profile: Profile

    def __init__(
        self,
        network: RescalingNetwork,
        name: str = "HyperThumbnail",
        profile: Profile = "small",
        rate_scale: float = 1.0,
        refine: Refine = 0,
        rate_model: nn.Module | None = None,
    ) -> None:
        self.engine = TorchEngine(network, rate_model)
        self.network, self.name, self.scale = network, name, network.scale
        self.profile, self.rate_scale, self.refine = profile, rate_scale, find_refinement(refine)

    @classmethod
    def of_model(
        cls, model: LoadedModel, device: torch.device, profile: Profile, rate_scale: float, refine: Refine
    ) -> NetworkRescaler:
        """A model as it restores thumbnails, in half precision; it is moved to the device."""
        for network in filter(None, (model.network, model.rate_model)):
            network.to(device)
        return cls(model.network, model.name, profile, rate_scale, refine, model.rate_model)

    def complexity(self) -> Complexity:
        return measure_complexity(self.network, self.refine)

    def downscale(self, image: np.ndarray) -> NetworkThumbnail:
        photograph = path.analyze(self.engine, image)
        if self.refine:
            photograph = path.refine(self.engine, photograph, image, self.rate_scale, self.refine)
        return NetworkThumbnail(*path.quantize(self.engine, photograph, self.rate_scale))

    def write(self, thumbnail: NetworkThumbnail) -> bytes:
        return write_jpeg(thumbnail.jpeg, self.profile)

    def read(self, data: bytes) -> NetworkThumbnail:
        return NetworkThumbnail(read_jpeg(data))

    def upscale(self, thumbnail: NetworkThumbnail, height: int, width: int) -> np.ndarray:
        sized, _ = path.with_size(thumbnail.jpeg, self.scale, (height, width))
        return path.restore(self.engine, sized)

    def rate_estimate(self, thumbnail: NetworkThumbnail) -> float | None:
        rate_model = self.engine.rate_model
        if thumbnail.estimated_bits is not None or rate_model is None:
            return thumbnail.estimated_bits
        with torch.inference_mode():
            coefficients = torch.tensor(thumbnail.jpeg.coefficients, dtype=torch.float32, device=self.engine.device)
            return float(rate_model(coefficients.unsqueeze(0)))
