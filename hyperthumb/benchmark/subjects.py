"""A row of the options as something that can be measured: its settings, what it depends on, its rescalers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, Literal

import torch

from hyperthumb.base.errors import CheckpointError
from hyperthumb.base.registry import BASELINES
from hyperthumb.baselines import BicubicJpegNetwork, FullSizeCodec, LearnedCodecJpeg, Rescaler
from hyperthumb.config import BenchmarkRow, Component
from hyperthumb.evaluation.network_rescaler import NetworkRescaler
from hyperthumb.models.contract import RescalingNetwork
from hyperthumb.models.file import LoadedModel, load_model
from hyperthumb.models.zoo import find_model

from .complexity import measure_codec, measure_complexity, measure_enlarger
from .identity import code_digest, describe_component, files_digest, files_of, is_network, library_versions
from .results import Facts


class Subject(ABC):
    """What a row measures. Nothing is loaded before it is needed: a second run may find every point on disk."""

    settings: list[str]
    """One a point, in words, such as "quality=96"; empty for a method without a sweep."""

    @abstractmethod
    def identity(self, index: int) -> dict[str, Any]:
        """All that the numbers at `settings[index]` depend on, but for images, protocol and machine.

        Raises:
            HyperthumbError: when files that they depend on are not there.
        """

    @abstractmethod
    def build(self, index: int) -> Rescaler[Any]:
        """The rescaler at `settings[index]`.

        Raises:
            HyperthumbError: for what the user has to mend.
        """

    @property
    @abstractmethod
    def weights_sha256(self) -> str | None:
        """The digest of the file of its weights."""


def open_subject(row: BenchmarkRow, scale: int, device: torch.device) -> Subject:
    """The subject of a row; `scale` is for methods that take one.

    Raises:
        CheckpointError: when there is no such model.
    """
    if row.model is not None:
        return _Model(row, row.model, device)
    assert row.method is not None, "the options were checked"
    return _Method(row.method, row.sweep, scale, device)


def describe(rescaler: Rescaler[Any]) -> Facts:
    """What a method is, whatever it is measured on."""
    kind: Literal["codec", "rescaler"] = "codec" if isinstance(rescaler, FullSizeCodec) else "rescaler"
    network = getattr(rescaler, "network", None)
    if isinstance(rescaler, BicubicJpegNetwork):
        return Facts(kind, rescaler.scale, *measure_enlarger(rescaler.network, rescaler.scale))
    if isinstance(rescaler, LearnedCodecJpeg):
        return Facts(kind, rescaler.scale, *measure_codec(rescaler.network))
    if not isinstance(network, RescalingNetwork):
        return Facts(kind, rescaler.scale, None, None, None)
    refine = rescaler.refine if isinstance(rescaler, NetworkRescaler) else 0
    return Facts(kind, rescaler.scale, *measure_complexity(network, refine))


class _Method(Subject):
    """A class of `BASELINES`, swept over one of its arguments or as it stands."""

    def __init__(self, component: Component, sweep: dict[str, list[Any]], scale: int, device: torch.device) -> None:
        self._component, self._scale, self._device = component, scale, device
        self._arguments: list[dict[str, Any]] = [{}]
        for name, values in sweep.items():
            self._arguments = [{name: value} for value in values]
        self.settings = [
            "".join(f"{name}={value}" for name, value in arguments.items()) for arguments in self._arguments
        ]

    def identity(self, index: int) -> dict[str, Any]:
        component = self._swept(index)
        network = is_network(component)
        return {
            "method": describe_component(component),
            "scale": self._scale,
            "code": code_digest(BASELINES.get(component.type), network),
            "libraries": library_versions(network),
        }

    def build(self, index: int) -> Rescaler[Any]:
        rescaler: Rescaler[Any] = self._swept(index).build(BASELINES, scale=self._scale, device=self._device.type)
        return rescaler

    @property
    def weights_sha256(self) -> str | None:
        files = files_of(self._component)
        missing = [str(path) for path in files if not path.is_file()]
        if missing:
            raise CheckpointError(f"there is no {' and no '.join(missing)}")
        return files_digest(files) if files else None

    def _swept(self, index: int) -> Component:
        arguments = {**self._component.arguments, **self._arguments[index]}
        return Component(self._component.type, arguments, self._component.location)


class _Model(Subject):
    """A model at several rate scales, refined or not."""

    def __init__(self, row: BenchmarkRow, word: str, device: torch.device) -> None:
        self._path, self._profile, self._device = find_model(word), row.profile, device
        self._rate_scales, self._refine = row.rate_scales or [1.0], row.refine
        steps = f" refine={row.refine}" if row.refine else ""
        self.settings = [f"rate_scale={scale:g}{steps}" for scale in self._rate_scales]

    def identity(self, index: int) -> dict[str, Any]:
        return {
            "model": self.weights_sha256,
            "profile": self._profile,
            "rate_scale": self._rate_scales[index],
            "refine": self._refine,
            "code": code_digest(None, network=True),
            "libraries": library_versions(network=True),
        }

    def build(self, index: int) -> Rescaler[Any]:
        rate_scale = self._rate_scales[index]
        return NetworkRescaler(self._model.network, self._model.name, self._profile, rate_scale, self._refine)

    @cached_property
    def _model(self) -> LoadedModel:
        model = load_model(self._path, with_rate_model=self._refine > 0)
        model.network.to(self._device)
        return model

    @property
    def weights_sha256(self) -> str | None:
        folder = self._path if self._path.is_dir() else self._path.parent.parent
        checkpoint = self._path / "models" / "net_g_latest.pth" if self._path.is_dir() else self._path
        files = [checkpoint]
        if checkpoint.suffix == ".pth":  # it does not say which network it is of; the options beside it do
            files.append(folder / "options.resolved.yml")
        missing = [str(path) for path in files if not path.is_file()]
        if missing:
            raise CheckpointError(f"there is no {' and no '.join(missing)}")
        return files_digest(files)
