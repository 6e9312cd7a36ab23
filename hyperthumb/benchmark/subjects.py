"""A row of the options as something that can be measured: its settings, what each depends on, how to build it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from hyperthumb.base.component import Component
from hyperthumb.base.errors import CheckpointError
from hyperthumb.base.limits import find_refinement
from hyperthumb.base.registry import BASELINES
from hyperthumb.baselines import Rescaler
from hyperthumb.codec.models import open_model, weights_file
from hyperthumb.config import BenchmarkRow
from hyperthumb.evaluation.network_rescaler import NetworkRescaler
from hyperthumb.models.file import LoadedModel
from hyperthumb.models.zoo import find_model

from .identity import code_digest, describe, files_digest, files_of, is_network, library_versions


@dataclass(frozen=True)
class Setting:
    """A row at one rate.

    Attributes:
        name: in words, such as "quality=96"; empty for a method without a sweep.
        identity: everything that its scores depend on, except photographs, protocol and machine.
        build: makes the rescaler. Nothing is loaded before: a second run may find every score on disk.
    """

    name: str
    identity: dict[str, Any]
    build: Callable[[], Rescaler[Any]]


@dataclass(frozen=True)
class Subject:
    """What a row measures: one setting for each rate. Methods without weights have no digest."""

    weights_sha256: str | None
    settings: list[Setting]


def open_subject(row: BenchmarkRow, scale: int, device: torch.device) -> Subject:
    """The subject of a row. `scale` is for methods that take one; a model has its own.

    Raises:
        CheckpointError: when a file of its weights is missing.
    """
    return _open_model(row, row.model, device) if row.model is not None else _open_method(row, scale, device)


def _open_method(row: BenchmarkRow, scale: int, device: torch.device) -> Subject:
    """A class of `BASELINES`, swept over one of its arguments or as it stands."""
    assert row.method is not None, "the options were checked"
    method, files = row.method, files_of(row.method)
    weights = _digest(files) if files else None
    network = is_network(method)
    code = code_digest(BASELINES.get(method.type), network)
    shared = {"scale": scale, "code": code, "libraries": library_versions(network)}
    settings = []
    for arguments in [{name: value} for name, values in row.sweep.items() for value in values] or [{}]:
        swept = Component(method.type, {**method.arguments, **arguments}, method.location)
        settings.append(
            Setting(
                name="".join(f"{name}={value}" for name, value in arguments.items()),
                identity={"method": describe(swept), **shared},
                build=functools.partial(swept.build, BASELINES, scale=scale, device=device.type),
            )
        )
    return Subject(weights, settings)


def _open_model(row: BenchmarkRow, word: str, device: torch.device) -> Subject:
    """A model at several rate scales, refined or not."""
    path = find_model(word)
    files = [weights_file(path)]
    if files[0].suffix == ".pth":  # a checkpoint does not say which network it is of; the options beside it do
        files.append(files[0].parent.parent / "options.resolved.yml")
    weights = _digest(files)
    shared: dict[str, Any] = {"model": weights, "profile": row.profile, "refine": str(find_refinement(row.refine))}
    shared |= {"code": code_digest(None, network=True), "libraries": library_versions(network=True)}

    @functools.cache
    def load() -> LoadedModel:
        return open_model(path)

    def build(rate_scale: float) -> Rescaler[Any]:
        return NetworkRescaler.of_model(load(), device, row.profile, rate_scale, row.refine)

    steps = f" refine={row.refine}" if row.refine else ""
    settings = [
        Setting(
            name=f"rate_scale={rate_scale:g}{steps}",
            identity={"rate_scale": rate_scale, **shared},
            build=functools.partial(build, rate_scale),
        )
        for rate_scale in row.rate_scales or [1.0]
    ]
    return Subject(weights, settings)


def _digest(files: Sequence[Path]) -> str:
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise CheckpointError(f"there is no {' and no '.join(missing)}")
    return files_digest(files)
