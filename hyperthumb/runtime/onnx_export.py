"""From a PyTorch module to an ONNX file of any height and width; the one import point of onnx and its exporter."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.quiet import quietly

OPSET = 18
"""The oldest that has everything we need; onnxruntime-web and OpenVINO read it."""

_MOST_BLOCKS = 8192
_LEAST_STORED_AS_HALF = 256


def to_onnx(
    graph: nn.Module, example: Tensor, names: tuple[str, Sequence[str]], axes: tuple[int, int], unit: int
) -> Any:
    """An ONNX model with its weights inside.

    Args:
        graph: in eval mode, on the CPU.
        example: an input; its sides along the dynamic axes are multiples of `unit`, larger than one.
        names: of the input, and of the outputs.
        axes: the input's dynamic axes, which stand for height and width.
        unit: what the sides along these axes are always multiples of.

    Returns:
        The `onnx.ModelProto`.

    Raises:
        HyperthumbError: when the graph has a layer that cannot be exported, or its shape is fixed.
    """
    name, outputs = names
    height = torch.export.Dim("height", min=1, max=_MOST_BLOCKS)
    width = torch.export.Dim("width", min=1, max=_MOST_BLOCKS)
    shapes = ({axes[0]: unit * height, axes[1]: unit * width},)
    try:
        with _quiet(), torch.no_grad():
            program = torch.onnx.export(
                graph, (example,), dynamo=True, opset_version=OPSET, input_names=[name], output_names=list(outputs),
                dynamic_shapes=shapes, verbose=False,
            )  # fmt: skip
    except Exception as error:  # torch.export has dozens of errors and no class of its own for them
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise HyperthumbError(f"{type(graph).__name__} cannot be exported to ONNX: {reason}") from error
    assert program is not None
    return program.model_proto


def store_halves(model: Any) -> None:
    """Stores weights in float16 where that loses nothing, with a Cast to float32 behind each: half the file.

    A model's weights are those of its model file, which are float16. Runtimes fold the Cast when they load the file.
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
    """Removes the exporter's notes for debugging: stack traces, which name folders of this machine, and scopes."""
    graph = model.graph
    for record in (graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        del record.metadata_props[:]


@contextlib.contextmanager
def _quiet() -> Any:
    """The exporter prints its progress and warns of its own deprecations; neither helps a user."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with quietly(), contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
