"""Reads weights from files without running code, selects them by name, and loads them into networks."""

from __future__ import annotations

import hashlib
import pickle
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from hyperthumb.base.errors import CheckpointError

from .header import SUFFIX

WRAPPERS = ("module.", "_orig_mod.")
"""The prefixes that `DataParallel`, `DistributedDataParallel` and `torch.compile` put before every name of a state."""


def read_safely(path: Path) -> dict[str, Any]:
    """Loads tensors and plain values from a checkpoint, or the tensors of a safetensors file, to the CPU.

    Raises:
        CheckpointError: when the file is missing or damaged, holds an object whose loading could run code, or would
            take more memory than the file has bytes.
    """
    try:
        if path.suffix == SUFFIX:
            return dict(safetensors.torch.load_file(path))
        _check_archive(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
        _check_sizes(content, path)
    except CheckpointError:
        raise
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no checkpoint at {path}") from error
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} is refused: it is damaged, or it holds objects whose loading could run code"
        ) from error
    except Exception as error:  # torch.load raises whatever its zip and pickle readers raise
        raise CheckpointError(
            f"{path} cannot be read as a checkpoint: {(str(error) or type(error).__name__).splitlines()[0]}"
        ) from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} holds a {type(content).__name__}, not a checkpoint")
    return content


def _check_archive(path: Path) -> None:
    """Checks the archive's checksums, which `torch.load` ignores, and that it is not compressed (torch never does)."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            declared = sum(entry.file_size for entry in archive.infolist())
            if declared > path.stat().st_size:
                raise CheckpointError(f"{path} is refused: it would unpack to {declared:,} bytes, more than its size")
            damaged = archive.testzip()
        if damaged is not None:
            raise CheckpointError(f"{path} is damaged: the checksum of {damaged} is wrong")


def _check_sizes(content: Any, path: Path) -> None:
    """Refuses tensors with fewer bytes than their shape needs (stride 0): a network of such shapes could be huge."""
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Tensor):
            if value.numel() * value.element_size() > value.untyped_storage().nbytes():
                raise CheckpointError(
                    f"{path} is refused: a tensor of shape {tuple(value.shape)} has fewer numbers than its shape needs"
                )
        elif isinstance(value, Mapping):
            waiting += value.values()
        elif isinstance(value, (list, tuple)):
            waiting += value


def choose_weights(content: dict[str, Any], key: str, path: Path) -> dict[str, Tensor]:
    """Selects the network's weights from a checkpoint and removes the prefixes of wrappers from their names.

    `key` is params, params_ema, or auto, which tries params_ema, params, state_dict, and then the content itself.

    Raises:
        CheckpointError: when the checkpoint has no such key; `path` is for the message.
    """
    if key == "auto":
        key = next((name for name in ("params_ema", "params", "state_dict") if name in content), "")
        if not key:
            if content and _names_tensors(content):
                return unwrap(content)
            raise CheckpointError(f"{path} has neither params_ema nor params (it has: {', '.join(map(str, content))})")
    if key not in content:
        raise CheckpointError(f"{path} has no {key} (it has: {', '.join(map(str, content))})")
    weights = content[key]
    if not _names_tensors(weights):
        raise CheckpointError(f"{path}: {key} is not a mapping of names to tensors")
    return unwrap(weights)


def _names_tensors(content: Any) -> bool:
    return isinstance(content, dict) and all(isinstance(n, str) and isinstance(v, Tensor) for n, v in content.items())


def unwrap(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Removes the `WRAPPERS` with which all names begin."""
    length = len(_wrapping(weights))
    return {name[length:]: value for name, value in weights.items()}


def _wrapping(names: Iterable[str]) -> str:
    """The prefix of one or several `WRAPPERS` with which all names begin; empty if there is none."""
    names = list(names)
    for wrapper in WRAPPERS:
        if names and all(name.startswith(wrapper) for name in names):
            return wrapper + _wrapping(name.removeprefix(wrapper) for name in names)
    return ""


def load_weights(
    network: nn.Module, weights: Mapping[str, Tensor], path: Path, strict: bool = True, hint: str = ""
) -> None:
    """Loads weights into a network.

    Args:
        network: on any device.
        weights: by name.
        path: for messages.
        strict: True requires that every name and shape fits. False skips weights that do not fit, with a warning.
        hint: how to load the weights that fit, for the message when `strict` refuses.

    Raises:
        CheckpointError: when `strict` and a name or shape does not fit, or when no weight fits.
    """
    own = network.state_dict()
    prefix = _wrapping(own)  # the network may be wrapped, too
    weights = {prefix + name: value for name, value in unwrap(weights).items()}
    misfit = describe_misfit(own, weights)
    fitting = {name: value for name, value in weights.items() if name in own and own[name].shape == value.shape}
    if misfit and not fitting:
        raise CheckpointError(f"{path} does not fit the network at all: {misfit}")
    if misfit and strict:
        raise CheckpointError(f"{path} does not fit the network: {misfit}{f' ({hint})' if hint else ''}")
    if misfit:
        warnings.warn(f"{path} does not fit the network; only fitting weights are loaded: {misfit}", stacklevel=2)
    network.load_state_dict(fitting, strict=False)


def describe_misfit(own: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> str:
    """Describes the names and shapes that differ between a network's state and weights; empty if none differ."""
    shared = own.keys() & weights.keys()
    parts = (
        _sample("missing", sorted(own.keys() - weights.keys())),
        _sample("not in the network", sorted(weights.keys() - own.keys())),
        _sample("of another shape", sorted(name for name in shared if own[name].shape != weights[name].shape)),
    )
    return "; ".join(part for part in parts if part)


def sha256_of(path: Path) -> str:
    """The hexadecimal digest of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _sample(what: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{len(names)} {what} ({', '.join(names[:3])}{more})"
