"""What an exported file says of itself: ONNX metadata, read without PyTorch."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from hyperthumb.base.errors import CheckpointError
from hyperthumb.base.limits import SCALES

Part = Literal["encoder", "tables", "decoder"]
PARTS: tuple[Part, ...] = get_args(Part)
GraphPrecision = Literal["fp32", "fp16", "int8"]
GRAPH_PRECISIONS: tuple[GraphPrecision, ...] = get_args(GraphPrecision)

_PREFIX = "hyperthumb."


@dataclass(frozen=True)
class Manifest:
    """The metadata of an exported graph.

    Attributes:
        part: encoder, tables or decoder.
        model: the model's name.
        model_id: its id in hexadecimal, the same as that of its model file.
        scale: 1, 2, 4 or 8.
        reach: blocks of 8x8 thumbnail pixels that the graph sees around each block; -1 where it sees the whole picture.
        precision: of its arithmetic.
        version: of the hyperthumb that exported it.
    """

    part: Part
    model: str
    model_id: str
    scale: int
    reach: int
    precision: GraphPrecision
    version: str

    def to_metadata(self) -> dict[str, str]:
        """As the strings of an ONNX file's metadata."""
        return {f"{_PREFIX}{name}": str(value) for name, value in dataclasses.asdict(self).items()}


def read_manifest(metadata: Mapping[str, str], source: str) -> Manifest:
    """The manifest out of an ONNX file's metadata.

    Args:
        metadata: all strings that the file carries.
        source: the file's name, for messages.

    Raises:
        CheckpointError: when the file was not exported by hyperthumb, or its metadata is damaged.
    """
    try:
        values = {field.name: metadata[f"{_PREFIX}{field.name}"] for field in dataclasses.fields(Manifest)}
        manifest = Manifest(
            part=values["part"],  # type: ignore[arg-type]  # checked below
            model=values["model"],
            model_id=values["model_id"],
            scale=int(values["scale"]),
            reach=int(values["reach"]),
            precision=values["precision"],  # type: ignore[arg-type]
            version=values["version"],
        )
    except (KeyError, ValueError) as error:
        raise CheckpointError(f"{source} was not exported by hyperthumb, or its metadata is damaged") from error
    if manifest.part not in PARTS or manifest.scale not in SCALES:
        raise CheckpointError(f"{source} has damaged metadata; export the model again")
    return manifest
