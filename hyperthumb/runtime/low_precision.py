"""Exported graphs in half precision and in int8: only layers inside the network; JPEG and the skip stay float32."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from hyperthumb.base.errors import HyperthumbError

_SCOPES = "pkg.torch.onnx.name_scopes"


def network_nodes(model: Any) -> list[str]:
    """The names of the nodes that a layer of the encoder or decoder made; not those of JPEG or of a bicubic skip."""
    return [node.name for node in model.graph.node if _is_inside(node)]


def to_half(model: Any) -> Any:
    """The model with its network's layers in float16; inputs and outputs keep their types."""
    from onnxruntime.transformers.float16 import convert_float_to_float16

    inside = set(network_nodes(model))
    outside = [node.name for node in model.graph.node if node.name not in inside]
    return convert_float_to_float16(model, keep_io_types=True, node_block_list=outside)


def to_int8(model: Any, inputs: Iterable[np.ndarray]) -> Any:
    """The model with its network's convolutions in int8 (QDQ, per channel), ranges read off the given inputs.

    Args:
        model: an exported float32 graph.
        inputs: for its first input: 8 to 16 typical ones are enough.

    Raises:
        HyperthumbError: when there is no input.
    """
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    samples = list(inputs)
    if not samples:
        raise HyperthumbError("int8 needs photographs to calibrate with, and there are none")
    inside = set(network_nodes(model))
    convolutions = [node.name for node in model.graph.node if node.name in inside and node.op_type == "Conv"]
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        source.write_bytes(model.SerializeToString())
        quantize_static(
            str(source), str(target), _Samples(model.graph.input[0].name, samples),
            quant_format=QuantFormat.QDQ, per_channel=True, activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8, nodes_to_quantize=convolutions,
            calibrate_method=CalibrationMethod.MinMax,
        )  # fmt: skip
        return type(model).FromString(target.read_bytes())


class _Samples:
    """What onnxruntime calls a calibration data reader."""

    def __init__(self, name: str, samples: list[np.ndarray]) -> None:
        self._feeds: Iterator[dict[str, np.ndarray]] = iter([{name: sample} for sample in samples])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._feeds, None)


def _is_inside(node: Any) -> bool:
    """Whether a node belongs to a layer of the encoder or decoder: two modules deep, by the exporter's own record."""
    scopes = next((entry.value for entry in node.metadata_props if entry.key == _SCOPES), "")
    return any(scope.startswith(("'decoder.", "'encoder.")) for scope in scopes.strip("[]").split(", "))
