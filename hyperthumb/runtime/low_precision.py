"""Converts exported graphs to half precision and int8. JPEG and the bicubic skip remain in float32."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hyperthumb.base.errors import HyperthumbError

from .manifest import Part, side_axes

PERCENTILES: dict[Part, float] = {"encoder": 99.999, "decoder": 99.99}
"""int8 clips values above this percentile, and below its mirror. Each part loses more with the other's."""

_SCOPES = "pkg.torch.onnx.name_scopes"


def network_nodes(model: Any) -> list[str]:
    """The names of the nodes that come from layers of the encoder or decoder, not from JPEG or a bicubic skip."""
    return [node.name for node in model.graph.node if _is_inside(node)]


def to_half(model: Any) -> Any:
    """Converts the layers of the network to float16. Inputs and outputs keep their types."""
    from onnxruntime.transformers.float16 import convert_float_to_float16

    inside = set(network_nodes(model))
    outside = [node.name for node in model.graph.node if node.name not in inside]
    return convert_float_to_float16(model, keep_io_types=True, node_block_list=outside)


def inner_convolutions(model: Any, part: Part) -> list[str]:
    """The names of the network's convolutions without the first and the last, which int8 leaves in float32.

    Most of the loss would come from these two: the one reads pixels, the other makes them.

    Raises:
        HyperthumbError: if there are none.
    """
    inside = set(network_nodes(model))
    convolutions = [node.name for node in model.graph.node if node.name in inside and node.op_type == "Conv"]
    if len(convolutions) < 3:
        raise HyperthumbError(
            f"the {part} has no convolutions between the first and the last, so int8 changes nothing; leave it in fp32"
        )
    return convolutions[1:-1]


def to_int8(model: Any, inputs: Iterable[np.ndarray], part: Part, nodes: Sequence[str]) -> Any:
    """Converts convolutions to int8 (QDQ, per channel).

    The inputs determine the value ranges, see `PERCENTILES`.

    Args:
        model: an exported float32 graph, which stays as it is.
        inputs: values of the graph's input; 8 to 16 typical ones are enough. The smallest size is taken from the middle
            of each, because onnxruntime's percentiles need equal sizes.
        part: encoder or decoder.
        nodes: the names of the convolutions, from `inner_convolutions`.

    Raises:
        HyperthumbError: if there are no inputs.
    """
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    samples = list(inputs)
    if not samples:
        raise HyperthumbError("int8 needs photographs for calibration, but none were given")
    sides = {axis: min(sample.shape[axis] for sample in samples) for axis in side_axes(part)}
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        source.write_bytes(model.SerializeToString())
        quantize_static(
            str(source), str(target),
            _Samples(model.graph.input[0].name, [_middle(sample, sides) for sample in samples]),
            quant_format=QuantFormat.QDQ, per_channel=True, activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8, nodes_to_quantize=list(nodes),
            calibrate_method=CalibrationMethod.Percentile, extra_options={"CalibPercentile": PERCENTILES[part]},
            reduce_range=True,  # weights of 7 bits: on processors without VNNI, sums of 8-bit products saturate
        )  # fmt: skip
        return type(model).FromString(target.read_bytes())


class _Samples:
    """A calibration data reader for onnxruntime."""

    def __init__(self, name: str, samples: list[np.ndarray]) -> None:
        self._feeds: Iterator[dict[str, np.ndarray]] = iter([{name: sample} for sample in samples])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._feeds, None)


def _middle(sample: np.ndarray, sides: dict[int, int]) -> np.ndarray:
    """Crops a sample to the side of each axis."""
    for axis, side in sides.items():
        start = (sample.shape[axis] - side) // 2
        sample = sample.take(range(start, start + side), axis)
    return sample


def _is_inside(node: Any) -> bool:
    """Whether a node comes from a layer of the encoder or decoder, according to the exporter's name scopes."""
    scopes = next((entry.value for entry in node.metadata_props if entry.key == _SCOPES), "")
    return any(scope.startswith(("'decoder.", "'encoder.")) for scope in scopes.strip("[]").split(", "))
