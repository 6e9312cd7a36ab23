"""Model files: half-precision weights and the description of their network, without any code.

A model file is a safetensors file whose one metadata entry, `hyperthumb`, is JSON:

    {"format": 1, "version": "0.2.0", "name": "lite_4x", "scale": 4,
     "network_g": {"type": "HyperThumbnail", "encoder": {"type": "LiteEncoder", ...}, ...}, "card": {...}}

`network_g` is as in an options file, except that `portable_part` leaves out a rate model that needs
more than torch. The module `header` reads the metadata without torch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from hyperthumb.base.component import Component, registered_classes
from hyperthumb.base.errors import CheckpointError, RegistryError
from hyperthumb.base.files import write_atomically
from hyperthumb.base.registry import ARCHS, RATE_MODELS
from hyperthumb.base.version import __version__

from .build import build_network
from .contract import RescalingNetwork
from .header import (
    FORMAT,
    METADATA_KEY,
    PLUGINS_KEY,
    RATE_PREFIX,
    SUFFIX,
    Description,
    Weight,
    parse_description,
    weights_id,
)
from .weights import describe_misfit, load_weights

_RANDOM = {"normal_", "uniform_", "kaiming_uniform_"}  # functions of tensors and of torch.nn.init
_LARGEST_NUMBER = 1024
"""The largest integer argument that a file may hold. Without a limit, a hostile file could ask for any number of layers
before its tensors are read."""


class LoadedModel(NamedTuple):
    """A model ready for use.

    Attributes:
        network: float32, in eval mode, without gradients.
        name: its name for people.
        scale: 1, 2, 4 or 8.
        model_id: the id of its half-precision weights, see `weights_id`; every thumbnail holds it.
        card: notes by its author: training data, results, license.
        rate_model: the detached rate model; None if there is none, or if it is still in the network.
    """

    network: RescalingNetwork
    name: str
    scale: int
    model_id: bytes
    card: Mapping[str, str]
    rate_model: nn.Module | None = None


def save_model(
    path: Path, network: RescalingNetwork, part: Component, name: str, card: Mapping[str, str] | None = None
) -> bytes:
    """Writes a model file atomically.

    Args:
        path: ends in .safetensors.
        network: the weights to save; in any mode, on any device.
        part: the component that the network was built from. It may use plug-ins; such a file can be loaded only after
            the module that registers them was imported.
        name: the model's name for people.
        card: further notes, such as training data and license. "plugins" is added: the modules of the user's classes.

    Returns:
        The model's id.

    Raises:
        CheckpointError: when a weight is not finite in half precision, or the file could not be loaded again because a
            part is not registered (BasicSR's are not) or an argument is out of bounds.
        HyperthumbError: when the file cannot be written.
    """
    if path.suffix != SUFFIX:
        raise CheckpointError(f"the name of a model file must end in {SUFFIX}, not {path.name}")
    part = portable_part(part)
    names = _described_state(part, network.scale, path).keys()
    weights = to_half_precision(fitting_weights(network.state_dict(), names), path)
    network_g = describe_part(part)
    metadata = {
        "format": FORMAT,
        "version": __version__,
        "name": name,
        "scale": network.scale,
        "network_g": network_g,
        "card": {**_plugins_of(part), **(card or {})},
    }
    _assemble(Description(name, network.scale, network_g, {}), weights, path, with_rate_model=True)
    write_atomically(path, safetensors.torch.save(weights, {METADATA_KEY: json.dumps(metadata)}))
    return model_id_of(weights)


def load_model(path: Path, with_rate_model: bool = False) -> LoadedModel:
    """Loads a model file. Loading runs no code from the file.

    `with_rate_model` keeps the file's rate model, if any, in the network to estimate rates. Writing and restoring files
    is a little faster without it.

    Raises:
        CheckpointError: when the file is missing, damaged or hostile, was written by a later version, or its weights
            do not fit its description.
    """
    weights, description = _read(path)
    return _assemble(description, weights, path, with_rate_model)


def build_model(
    part: Component, weights: Mapping[str, Tensor], description: Description, path: Path, with_rate_model: bool = False
) -> LoadedModel:
    """Builds a model from the half-precision weights of its whole network and the component that describes the network.

    `path` is for messages.

    Raises:
        CheckpointError: when the network cannot be built, or the weights do not fit it.
    """
    network = _build(part, description.scale, path)
    load_weights(network, weights, path)
    network = network.eval().requires_grad_(False)
    rate_model = None if with_rate_model else network.detach_rate_model()
    model_id = model_id_of(weights)
    return LoadedModel(network, description.name, network.scale, model_id, description.card, rate_model)


def portable_part(part: Component) -> Component:
    """Removes the rate model from `part`, unless its class sets `in_model_files` (see `RateModel`).

    A rate model only estimates file sizes. Writing and restoring files does not need it.
    """
    rate = part.arguments.get("rate")
    arguments = dict(part.arguments)
    if isinstance(rate, Component):
        cls = RATE_MODELS.get(rate.type) if rate.type in RATE_MODELS else None
        rate = rate if getattr(cls, "in_model_files", False) else None
    if rate is None:
        arguments.pop("rate", None)
    return Component(part.type, arguments)


def fitting_weights(weights: Mapping[str, Tensor], names: Collection[str]) -> dict[str, Tensor]:
    """Removes a rate model's weights that are not among `names`."""
    return {name: value for name, value in weights.items() if name in names or not name.startswith(RATE_PREFIX)}


def model_id_of(weights: Mapping[str, Tensor]) -> bytes:
    """The id of the model with these weights, see `weights_id`."""
    return weights_id(
        Weight(
            name,
            str(tensor.dtype),
            list(tensor.shape),
            tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes(),
        )
        for name, tensor in weights.items()
    )


def to_half_precision(weights: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Copies the weights to the CPU and converts floating-point ones to float16.

    Raises:
        CheckpointError: when a value is not finite in float16; `path` is for the message.
    """
    halves = {}
    for name, value in weights.items():
        halves[name] = (value.detach().half() if value.is_floating_point() else value.detach()).cpu().clone()
        if not halves[name].isfinite().all():
            raise CheckpointError(f"{path}: {name} holds values that are not finite in half precision")
    return halves


def _plugins_of(part: Component) -> dict[str, str]:
    """The card's entry with the modules of the user's classes, if there are any."""
    modules = {cls.__module__ for cls in registered_classes(part, ARCHS)}
    own = sorted(name for name in modules if name.partition(".")[0] != "hyperthumb")
    return {PLUGINS_KEY: " ".join(own)} if own else {}


def describe_part(part: Component) -> dict[str, Any]:
    """A component as in an options file: its type and arguments in one mapping."""
    nested = {name: describe_part(value) for name, value in part.arguments.items() if hasattr(value, "arguments")}
    return {"type": part.type, **part.arguments, **nested}


def _read(path: Path) -> tuple[dict[str, Tensor], Description]:
    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            text = (file.metadata() or {}).get(METADATA_KEY, "")
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is not a mapping)
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no model at {path}") from error
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read as a model file: {error}") from error
    return weights, parse_description(text, path)


def _assemble(
    description: Description, weights: Mapping[str, Tensor], path: Path, with_rate_model: bool
) -> LoadedModel:
    try:
        part = _read_part(description.network_g, path)
        plugins = description.card.get(PLUGINS_KEY, "MODULE")
        # Shapes are compared first, so that a hostile description cannot allocate more memory than the file's tensors.
        misfit = describe_misfit(_described_state(part, description.scale, path, plugins), weights)
    except RecursionError as error:
        raise CheckpointError(f"{path} does not describe the network of its weights") from error
    if misfit:
        raise CheckpointError(f"{path}: its weights do not fit the network that it describes: {misfit}")
    if not all(tensor.isfinite().all() for tensor in weights.values()):
        raise CheckpointError(f"{path} holds weights that are not finite")
    return build_model(part, weights, description, path, with_rate_model)


def _described_state(part: Component, scale: int, path: Path, plugins: str = "MODULE") -> dict[str, Tensor]:
    """The state dict of the described network on the `meta` device: shapes without memory."""
    try:
        registered_classes(part, ARCHS)
    except RegistryError as error:
        flags = " ".join(f"--plugin {name}" for name in plugins.split())
        raise CheckpointError(
            f"{path} describes a network that cannot be built here: {error}; if the class is yours, import its module "
            f"first (`{flags}`, or `import {plugins.replace(' ', ', ')}` in Python)"
        ) from error
    if portable_part(part) != part:
        raise CheckpointError(f"{path} describes a rate model that is not allowed in model files")
    with torch.device("meta"):
        return _build(part, scale, path).state_dict()


def _build(part: Component, scale: int, path: Path) -> RescalingNetwork:
    try:
        with _WithoutRandomness():
            return build_network(part, scale)
    except Exception as error:  # constructors, and those of torch, raise exceptions of any type
        raise CheckpointError(f"{path} describes a network that cannot be built here: {error}") from error


class _WithoutRandomness(TorchFunctionMode):
    """Skips random initialization: the weights are overwritten anyway, and on `meta` it imports torch's compiler."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__name__", "") in _RANDOM:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


def _read_part(description: Mapping[str, object], path: Path) -> Component:
    arguments = {name: _read_argument(value, path) for name, value in description.items() if name != "type"}
    return Component(str(description["type"]), arguments)


def _read_argument(value: Any, path: Path) -> Any:
    if isinstance(value, dict) and "type" in value:
        return _read_part(value, path)
    if isinstance(value, int) and abs(value) > _LARGEST_NUMBER:
        raise CheckpointError(f"{path} describes a network that is too large: an argument is {value}")
    return value
