"""Converts a PyTorch module to ONNX for any height and width. Only this module imports onnx and its exporter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.quiet import silently

OPSET = 18
"""The oldest version with all operators that are needed. onnxruntime-web and OpenVINO can read it."""

_MOST_BLOCKS = 8192
_LEAST_STORED_AS_HALF = 256


def to_onnx(
    graph: nn.Module, example: Tensor, names: tuple[str, Sequence[str]], axes: tuple[int, int], unit: int
) -> Any:
    """Converts a module to an ONNX model that includes the weights.

    Args:
        graph: a module in eval mode, on the CPU.
        example: an input. Its height and width are multiples of `unit`, larger than `unit`.
        names: the name of the input, and the names of the outputs.
        axes: the input's axes for height and width, which are dynamic.
        unit: height and width are always multiples of this.

    Returns:
        The `onnx.ModelProto`.

    Raises:
        HyperthumbError: if a layer cannot be exported or works only for a fixed size.
    """
    name, outputs = names
    height = torch.export.Dim("height", min=1, max=_MOST_BLOCKS)
    width = torch.export.Dim("width", min=1, max=_MOST_BLOCKS)
    shapes = ({axes[0]: unit * height, axes[1]: unit * width},)
    try:
        with silently(), torch.no_grad():
            program = torch.onnx.export(
                graph, (example,), dynamo=True, opset_version=OPSET, input_names=[name], output_names=list(outputs),
                dynamic_shapes=shapes, verbose=False,
            )  # fmt: skip
    except Exception as error:  # torch.export has dozens of errors without a common class
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise HyperthumbError(f"{type(graph).__name__} cannot be exported to ONNX: {reason}") from error
    assert program is not None
    return program.model_proto


def store_halves(model: Any) -> None:
    """Stores weights as float16, followed by a Cast to float32, if that is lossless. It halves the file.

    It is lossless for the weights of model files, which are float16. Runtimes fold the Cast when they load the file.
    """
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for index, tensor in enumerate(model.graph.initializer):
        if tensor.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        if values.size < _LEAST_STORED_AS_HALF:
            continue
        with np.errstate(over="ignore"):
            halves = values.astype(np.float16)
        if not np.array_equal(halves.astype(np.float32), values):
            continue
        stored = f"{tensor.name}.half"
        casts.append(helper.make_node("Cast", [stored], [tensor.name], name=f"{stored}.cast", to=TensorProto.FLOAT))
        model.graph.initializer[index].CopyFrom(numpy_helper.from_array(halves, stored))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def remove_traces(model: Any) -> None:
    """Removes the exporter's debugging notes: name scopes, and stack traces with folders of this machine."""
    graph = model.graph
    for record in (graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        del record.metadata_props[:]
