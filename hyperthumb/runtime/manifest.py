"""The metadata of exported ONNX files, which can be read without PyTorch."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from hyperthumb.base.errors import CheckpointError
from hyperthumb.base.limits import SCALES, GraphPrecision

Part = Literal["encoder", "tables", "decoder"]
PARTS: tuple[Part, ...] = get_args(Part)

_PREFIX = "hyperthumb."


def side_axes(part: Part) -> tuple[int, int]:
    """The axes of height and width of what a part reads: a picture (1, H, W, 3), or coefficients (1, 192, h, w)."""
    return (1, 2) if part == "encoder" else (2, 3)


@dataclass(frozen=True)
class Manifest:
    """The metadata of an exported graph.

    Attributes:
        part: encoder, tables or decoder.
        model: the model's name.
        model_id: the id of the model file, in hexadecimal.
        scale: 1, 2, 4 or 8.
        reach: radius of the graph's receptive field in blocks of 8x8 thumbnail pixels; -1 for the whole picture.
        precision: precision of the graph's arithmetic.
        version: version of hyperthumb that exported the graph.
    """

    part: Part
    model: str
    model_id: str
    scale: int
    reach: int
    precision: GraphPrecision
    version: str

    def to_metadata(self) -> dict[str, str]:
        """Converts the manifest to the strings of an ONNX file's metadata."""
        return {f"{_PREFIX}{name}": str(value) for name, value in dataclasses.asdict(self).items()}


def read_manifest(metadata: Mapping[str, str], source: str) -> Manifest:
    """Reads the manifest from an ONNX file's metadata.

    Args:
        metadata: all metadata of the file.
        source: the file's name, for messages.

    Raises:
        CheckpointError: if the file was not exported by hyperthumb, or its metadata is damaged.
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
