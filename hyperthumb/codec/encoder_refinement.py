"""A better encoder for one photograph: the paper's optimization at test time (table 4).

A copy of the encoder and of the table predictor is trained on the photograph. The decoder and the rate model stay as
they are. The copy makes one thumbnail and is not kept. The file is ordinary, and restoring it takes nothing more.

    photograph --> copy of encoder --> JPEG as in training --> decoder --> squared error, with the thumbnail's --.
                         ^                '--> rate model --> bits * slope -------------------------------------+
                         '------------------------------ Adam <-------------------------------------------------'

Model files do not hold the weights of their training's losses. Therefore error and bits are each taken relative to
their value before, and the slope between them is the network's own, as in `refinement`.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.noise import noise_by
from hyperthumb.images.resize import bicubic_downscale
from hyperthumb.models.contract import Analysis, RescaleOutput, RescalingNetwork
from hyperthumb.models.inference import as_float

from .annealing import learning_rate
from .refinement import COARSER, Weights, fast, weigh

_MAX_PIXELS = 1 << 21
"""HR pixels of a photograph, because encoder and decoder keep what their layers computed on all of it."""
_LEARNING_RATE = 3e-4
"""1e-3 gives as much on two photographs of gb82, and 1e-4 less."""
_BETAS = (0.9, 0.99)
_GUIDE = 0.6 / 11
"""The weight of the thumbnail's squared error relative to the photograph's, as in the trainings of shipped models."""
_noise = threading.Lock()  # `noise_by` is for one thread of a process at a time


class _Photograph(NamedTuple):
    """What a copy is trained on.

    Attributes:
        hr: (1, 3, H, W) in 0..1, without padding.
        padded: the same with sides that the network takes.
        reference: (1, 3, h, w) the bicubic downscale of `padded`.
        rate_model: of a network without its own.
    """

    hr: Tensor
    padded: Tensor
    reference: Tensor
    rate_model: nn.Module | None

    def measure(self, output: RescaleOutput) -> tuple[Tensor, Tensor]:
        """The squared error and the estimated bits of a pass over `padded`, as scalars."""
        restored = output.restored.float()[:, :, : self.hr.shape[2], : self.hr.shape[3]]
        error = F.mse_loss(restored, self.hr) + _GUIDE * F.mse_loss(output.thumbnail.float(), self.reference)
        if output.bits is not None:
            return error, output.bits.sum()
        if self.rate_model is None or output.coefficients is None:
            raise HyperthumbError("the encoder of a model without a rate model cannot be refined; refine coefficients")
        return error, self.rate_model(output.coefficients).sum()

    @torch.no_grad()
    def measure_file(self, network: RescalingNetwork) -> tuple[float, float]:
        """The same with the integers of the file."""
        error, bits = self.measure(network.eval()(self.padded))
        return float(error), float(bits)


def refine(
    network: RescalingNetwork,
    rate_model: nn.Module | None,
    hr: Tensor,
    analysis: Analysis,
    rate_scale: float,
    iterations: int,
) -> Analysis:
    """The analysis of a photograph by an encoder that was trained for it.

    The result is never worse than `analysis` in error / error before + slope * bits / bits before, with the bits that
    the rate model estimates. The same input gives the same result on the same CPU.

    Args:
        network: stays as it is: mode, weights, gradients.
        rate_model: of a network without its own. It stays as it is.
        hr: (1, 3, H, W) RGB, float in 0..1 or uint8 in 0..255: the photograph without padding.
        analysis: of the padded photograph, by this network.
        rate_scale: multiplies the tables. The result is meant for this one.
        iterations: steps of Adam, 1 or more; each takes a pass through encoder and decoder, and back.

    Raises:
        HyperthumbError: for a network whose encoder cannot be refined, and for a photograph of too many pixels.
    """
    if iterations < 1:
        raise HyperthumbError(f"refining takes 1 step or more, not {iterations}")
    height, width = hr.shape[2:]
    if height * width > _MAX_PIXELS:
        raise HyperthumbError(
            f"the encoder can be refined for photographs of at most {_MAX_PIXELS:,} pixels, and this one is "
            f"{width}x{height}; refine coefficients"
        )
    with torch.inference_mode(False), torch.enable_grad():  # autograd cannot save tensors that are made in that mode
        copied = network.adaptable(rate_scale).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        padding = (0, -width % network.multiple, 0, -height % network.multiple)
        hr = as_float(hr.clone())
        padded = F.pad(hr, padding, mode="replicate").contiguous(memory_format=torch.channels_last)
        photograph = _Photograph(hr, padded, bicubic_downscale(padded, network.scale).clamp(0, 1), rate_model)
        before = photograph.measure_file(copied)
        coarse = photograph.measure_file(network.adaptable(rate_scale * COARSER))
        weights = weigh((before[0], coarse[0]), (before[1], coarse[1]))
        _train(copied, photograph, weights, iterations)
        after = photograph.measure_file(copied)
        if weights.cost(*after) >= weights.cost(*before):
            return analysis
        refined = copied.analyze(padded)
        return Analysis(refined.coefficients, refined.steps / rate_scale)


def _train(copied: RescalingNetwork, photograph: _Photograph, weights: Weights, iterations: int) -> None:
    """Takes so many steps of Adam on the parameters of `copied` that require gradients."""
    trained = [parameter for parameter in copied.parameters() if parameter.requires_grad]
    adam = torch.optim.Adam(trained, _LEARNING_RATE, _BETAS)
    copied.train()
    for step in range(iterations):
        adam.param_groups[0]["lr"] = learning_rate(step / max(iterations - 1, 1), _LEARNING_RATE)
        keys = torch.tensor([[0, step]], device=photograph.hr.device)
        with _noise, noise_by(keys), fast(photograph.hr.device):
            output = copied(photograph.padded)
        error, bits = photograph.measure(output)
        adam.zero_grad()
        (weights.error * error + weights.bit * bits).backward()
        adam.step()
