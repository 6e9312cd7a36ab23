"""Models as files: half-precision weights, and the description of their network, without any code.

A model file is a safetensors file whose one metadata entry, `hyperthumb`, is JSON:

    {"format": 1, "version": "0.1.0", "name": "lite_4x", "scale": 4,
     "network_g": {"type": "HyperThumbnail", "encoder": {"type": "LiteEncoder", ...}, ...}, "card": {...}}

`network_g` is as in an options file, but for the rate model, which only guesses at a file's size: it stays behind.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import safetensors
import safetensors.torch
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from . import __version__
from .archs.part import Part
from .errors import CheckpointError, OptionsError
from .files import write_atomically
from .networks import build_network
from .registry import Buildable
from .rescaling import RescalingNetwork
from .weights import describe_misfit, load_weights

SUFFIX = ".safetensors"
_FORMAT = 1
_KEY = "hyperthumb"
_RATE = "rate"
_RANDOM = {"normal_", "uniform_", "kaiming_uniform_"}  # of tensors and of torch.nn.init
_LARGEST_NUMBER = 1024
"""Of an argument in a file: a hostile one could otherwise ask for any number of layers before its tensors are seen."""


class LoadedModel(NamedTuple):
    """A model ready for use.

    Attributes:
        network: float32, in eval mode, without gradients and without its rate model.
        name: what people call it.
        scale: 1, 2, 4 or 8.
        model_id: the first 3 bytes of the SHA-256 of its half-precision weights; every thumbnail carries it.
        card: what else its maker wanted said: training data, numbers, license.
    """

    network: RescalingNetwork
    name: str
    scale: int
    model_id: bytes
    card: Mapping[str, str]


def save_model(
    path: Path, network: RescalingNetwork, part: Buildable, name: str, card: Mapping[str, str] | None = None
) -> bytes:
    """Writes a model file, whole or not at all.

    Args:
        path: ends in .safetensors.
        network: its weights; may be in any mode, on any device, with or without a rate model.
        part: what it was built from.
        name: what people call it.
        card: what else is to be said of it.

    Returns:
        The model's id.

    Raises:
        CheckpointError: when its weights do not fit into half precision, or could not be loaded again: when a part is
            not hyperthumb's own (BasicSR's are not), or an argument is out of bounds.
        HyperthumbError: when it cannot be written.
    """
    if path.suffix != SUFFIX:
        raise CheckpointError(f"a model file is called something{SUFFIX}, not {path.name}")
    weights = {key: value for key, value in network.state_dict().items() if not key.startswith(f"{_RATE}.")}
    weights = to_half_precision(weights, path)
    description = _describe(part)
    metadata = {
        "format": _FORMAT,
        "version": __version__,
        "name": name,
        "scale": network.scale,
        "network_g": description,
        "card": dict(card or {}),
    }
    _assemble(_read_part(description, path), network.scale, weights, name, {}, path)
    write_atomically(path, safetensors.torch.save(weights, {_KEY: json.dumps(metadata)}))
    return model_id_of(weights)


def load_model(path: Path) -> LoadedModel:
    """A model from a model file; or from a training: its folder (the newest weights) or one of its checkpoints.

    No code of a model file's runs. A checkpoint's weights are rounded to half precision, so that it and the model file
    made of it are the same model, with one id.

    Raises:
        CheckpointError: when it is missing, damaged, hostile, of a later version, or does not fit its own description.
        OptionsError: when the options beside a checkpoint cannot be read.
    """
    if path.is_dir() or path.suffix == ".pth":
        from .trained import load_trained  # reads YAML, which a model file has no use for

        trained = load_trained(path)
        weights = to_half_precision(trained.network.state_dict(), path)
        return _finish(trained.network, weights, trained.name, {}, path)
    weights, metadata = _read(path)
    try:
        name, scale, card = str(metadata["name"]), metadata["scale"], metadata["card"]
        part = _read_part(metadata["network_g"], path)
        card = {str(key): str(value) for key, value in card.items()}
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{path} does not say which network its weights belong to") from error
    return _assemble(part, scale, weights, name, card, path)


def model_id_of(weights: Mapping[str, Tensor]) -> bytes:
    """The first 3 bytes of the SHA-256 of all names, types, shapes and values, in the order of the names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(weights.items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.digest()[:3]


def to_half_precision(weights: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Floating-point weights as float16, on the CPU, sharing no memory.

    Raises:
        CheckpointError: when one is not finite afterwards; `path` is for the message.
    """
    halves = {}
    for name, value in weights.items():
        halves[name] = (value.detach().half() if value.is_floating_point() else value.detach()).cpu().clone()
        if not halves[name].isfinite().all():
            raise CheckpointError(f"{path}: {name} holds values that are not finite in half precision")
    return halves


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            text = (file.metadata() or {}).get(_KEY, "")
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no model at {path}") from error
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read as a model file: {error}") from error
    try:
        metadata = json.loads(text)
        later = metadata["format"] > _FORMAT
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} holds weights, but is no model file of hyperthumb") from error
    if later:
        raise CheckpointError(f"{path} was written by a later version of hyperthumb ({metadata.get('version')})")
    return weights, metadata


def _assemble(
    part: Buildable, scale: int, weights: Mapping[str, Tensor], name: str, card: Mapping[str, str], path: Path
) -> LoadedModel:
    with torch.device("meta"):  # first the shapes alone: a file gets no memory that its tensors do not bear out
        misfit = describe_misfit(_build(part, scale, path).state_dict(), weights)
    if misfit:
        raise CheckpointError(f"{path}: its weights do not fit the network that it describes: {misfit}")
    if not all(tensor.isfinite().all() for tensor in weights.values()):
        raise CheckpointError(f"{path} holds weights that are not finite")
    return _finish(_build(part, scale, path), weights, name, card, path)


def _finish(
    network: RescalingNetwork, weights: Mapping[str, Tensor], name: str, card: Mapping[str, str], path: Path
) -> LoadedModel:
    load_weights(network, weights, path)
    return LoadedModel(network.eval().requires_grad_(False), name, network.scale, model_id_of(weights), card)


def _build(part: Buildable, scale: int, path: Path) -> RescalingNetwork:
    try:
        with _WithoutRandomness():
            return build_network(part, scale)
    except OptionsError:
        raise
    except Exception as error:  # constructors, and torch's, refuse nonsense in any way they like
        raise CheckpointError(f"{path} describes a network that cannot be built here: {error}") from error


class _WithoutRandomness(TorchFunctionMode):
    """Leaves random initial weights out: they are overwritten anyway, and on `meta` they import torch's compiler."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__name__", "") in _RANDOM:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


def _describe(part: Buildable) -> dict[str, Any]:
    """A part as in an options file: its arguments beside its type."""
    arguments = {name: value for name, value in part.arguments.items() if name != _RATE}
    return {"type": part.type, **{name: _describe_argument(value) for name, value in arguments.items()}}


def _describe_argument(value: Any) -> Any:
    return _describe(value) if hasattr(value, "arguments") else value


def _read_part(description: Mapping[str, Any], path: Path) -> Part:
    arguments = {name: _read_argument(value, path) for name, value in description.items() if name != "type"}
    return Part(str(description["type"]), arguments)


def _read_argument(value: Any, path: Path) -> Any:
    if isinstance(value, dict) and "type" in value:
        return _read_part(value, path)
    if isinstance(value, int) and abs(value) > _LARGEST_NUMBER:
        raise CheckpointError(f"{path} describes a network that is too large: {value} of something")
    return value
