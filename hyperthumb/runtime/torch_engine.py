"""The PyTorch engine, for networks of any kind on any device."""

from __future__ import annotations

import copy
import threading
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from hyperthumb.base.limits import EngineName, Precision
from hyperthumb.models import contract
from hyperthumb.models.build import device_of
from hyperthumb.models.contract import RescalingNetwork
from hyperthumb.models.inference import Analyzer, Restorer

from .engine import Analysis, Quantized
from .reach import WHOLE, decoder_reach


class TorchEngine:
    """Runs a network in PyTorch; see `Engine`.

    Args:
        network: in eval mode from here on, on its device. Its weights are taken as they are when it is first used.
        rate_model: of a network without its own, for refining the encoder; on the same device.
    """

    name: EngineName = "torch"

    def __init__(self, network: RescalingNetwork, rate_model: nn.Module | None = None) -> None:
        self.network, self.rate_model = network.eval(), rate_model
        self.scale, self.multiple = network.scale, network.multiple
        self._made: Analyzer | None = None
        self._restorers: dict[Precision, Restorer] = {}
        self._lock = threading.Lock()

    @property
    def device(self) -> torch.device:
        """The device of the network's tensors."""
        return device_of(self.network)

    @cached_property
    def reach(self) -> int:
        if not self._restorer("fp32").is_local:
            return WHOLE
        return decoder_reach(copy.deepcopy(self.network.graphs().decoder).cpu(), self.scale)

    def analyze(self, picture: np.ndarray, tile: int | None = None) -> Analysis:
        # Bytes take a quarter of the memory. The analyzer converts them to floats strip by strip.
        analyzed = self._analyzer().analyze(self.as_tensor(picture), tile)
        return Analysis(analyzed.coefficients[0].cpu().numpy(), analyzed.steps[0].cpu().numpy())

    @torch.inference_mode()
    def quantize(self, analysis: Analysis, rate_scale: float = 1.0) -> Quantized:
        batch = self.network.quantize(self.analysis_of(analysis), rate_scale)
        bits = None if batch.bits is None else float(batch.bits[0])
        return Quantized(batch.coefficients[0].cpu().numpy(), batch.tables[0].cpu().numpy(), bits)

    def restore(
        self,
        coefficients: np.ndarray,
        tables: np.ndarray,
        size: tuple[int, int],
        tile: int | None = None,
        precision: Precision = "fp32",
    ) -> np.ndarray:
        integers, steps = (
            torch.tensor(np.asarray(each), device=self.device).unsqueeze(0) for each in (coefficients, tables)
        )
        return self._restorer(precision).restore(integers, steps, *size, tile)

    def in_torch(self) -> TorchEngine:
        return self

    def share_cores(self, jobs: int) -> None:
        torch.set_num_threads(max(1, torch.get_num_threads() // jobs))

    def as_tensor(self, picture: np.ndarray) -> Tensor:
        """Converts a uint8 picture (H, W, 3) to (1, 3, H, W) uint8 on the network's device."""
        pixels = torch.from_numpy(np.require(picture, requirements=["C", "W"])).to(self.device)
        return pixels.permute(2, 0, 1).unsqueeze(0)

    def analysis_of(self, analysis: Analysis) -> contract.Analysis:
        """Converts an analysis to tensors on the network's device."""
        coefficients, steps = (torch.from_numpy(each).to(self.device).unsqueeze(0) for each in analysis)
        return contract.Analysis(coefficients, steps)

    def prepare(self) -> TorchEngine:
        """Prepares analyzing and restoring with the current weights, before several threads share the engine."""
        self._analyzer()
        self._restorer("fp32")
        return self

    def _analyzer(self) -> Analyzer:
        with self._lock:  # only one thread may prepare it
            if self._made is None:
                self._made = self.network.analyzer()
            return self._made

    def _restorer(self, precision: Precision) -> Restorer:
        with self._lock:
            if precision not in self._restorers:
                self._restorers[precision] = self.network.restorer(precision)
            return self._restorers[precision]
