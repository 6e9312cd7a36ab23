"""Reads the header of a model file without torch.

A safetensors file consists of eight bytes (the header's length, little-endian), the header (JSON: type, shape and
position of each tensor, and `__metadata__`), and the tensors' bytes.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hyperthumb.base.errors import CheckpointError

SUFFIX = ".safetensors"
FORMAT = 1
METADATA_KEY = "hyperthumb"
PLUGINS_KEY = "plugins"
"""The card's entry that names the modules of the user's own classes, with spaces between them."""
RATE_PREFIX = "rate."
"""The prefix of the rate model's weights. They affect neither files nor pictures, so the model's id excludes them."""

_MAX_HEADER = 100_000_000  # safetensors' own limit
_TYPES = {
    "F64": "torch.float64", "F32": "torch.float32", "F16": "torch.float16", "BF16": "torch.bfloat16",
    "I64": "torch.int64", "I32": "torch.int32", "I16": "torch.int16", "I8": "torch.int8", "U8": "torch.uint8",
    "BOOL": "torch.bool",
}  # fmt: skip


class Description(NamedTuple):
    """The metadata of a model file. The scale is not checked here; `network_g` is as in an options file."""

    name: str
    scale: int
    network_g: Mapping[str, object]
    card: Mapping[str, str]


class ModelHeader(NamedTuple):
    """The facts about a model file.

    Attributes:
        parameters: the number of its parameters, without the rate model's.
        model_id: the id that every thumbnail holds, see `weights_id`.
        sha256: the file's digest, hexadecimal.
    """

    description: Description
    parameters: int
    model_id: bytes
    num_bytes: int
    sha256: str


class Weight(NamedTuple):
    """One tensor: its name, its type as torch prints it, its shape, its bytes."""

    name: str
    dtype: str
    shape: list[int]
    data: bytes


def is_training(path: Path) -> bool:
    """Whether a path is that of a training's folder or of a checkpoint, not of a model file."""
    return path.is_dir() or path.suffix == ".pth"


def read_model_header(path: Path) -> ModelHeader:
    """Reads the header of a model file and computes its digests.

    Raises:
        CheckpointError: when the file is missing or damaged, was written by a later version, or is not a model file.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no model at {path}") from error
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read as a model file: {error.strerror or error}") from error
    length = int.from_bytes(content[:8], "little")
    try:
        if not 2 <= length <= min(_MAX_HEADER, len(content) - 8):
            raise ValueError("its header is incomplete")
        header = json.loads(content[8 : 8 + length])
        description = parse_description(header.pop("__metadata__", {}).get(METADATA_KEY, ""), path)
        weights = [_read_weight(name, entry, memoryview(content)[8 + length :]) for name, entry in header.items()]
    except CheckpointError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{path} cannot be read as a model file: {error}") from error
    return ModelHeader(
        description,
        sum(math.prod(weight.shape) for weight in weights if not weight.name.startswith(RATE_PREFIX)),
        weights_id(weights),
        len(content),
        hashlib.sha256(content).hexdigest(),
    )


def parse_description(text: str, path: Path) -> Description:
    """Parses the JSON of the metadata; `path` is for messages.

    Raises:
        CheckpointError: when the text is not such metadata, or was written by a later version.
    """
    try:
        metadata = json.loads(text)
        later = metadata["format"] > FORMAT
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} holds weights but is not a model file of hyperthumb") from error
    if later:
        raise CheckpointError(f"{path} was written by a later version of hyperthumb ({metadata.get('version')})")
    try:
        network_g = dict(metadata["network_g"].items())
        network_g["type"] = str(network_g["type"])
        card = {str(key): str(value) for key, value in metadata["card"].items()}
        return Description(str(metadata["name"]), metadata["scale"], network_g, card)
    except (KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path} does not describe the network of its weights") from error


def weights_id(weights: Iterable[Weight]) -> bytes:
    """The first 3 bytes of the SHA-256 of all names, types, shapes and values, sorted by name.

    The rate model's weights are excluded, because a model writes the same files with and without it.
    """
    digest = hashlib.sha256()
    for weight in sorted(weights, key=lambda weight: weight.name):
        if not weight.name.startswith(RATE_PREFIX):
            digest.update(f"{weight.name} {weight.dtype} {weight.shape}\n".encode())
            digest.update(weight.data)
    return digest.digest()[:3]


def _read_weight(name: str, entry: Any, data: memoryview) -> Weight:
    shape, (start, end) = [int(side) for side in entry["shape"]], entry["data_offsets"]
    if not 0 <= start <= end <= len(data):
        raise ValueError(f"{name} lies outside the file")
    return Weight(name, _TYPES[entry["dtype"]], shape, bytes(data[start:end]))
