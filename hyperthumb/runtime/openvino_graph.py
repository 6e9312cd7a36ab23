"""Runs an exported graph in OpenVINO. Only this module imports openvino."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from hyperthumb.base.errors import CheckpointError

from .manifest import Manifest, read_manifest


class OpenvinoGraph:
    """An exported graph that runs on the CPU in float32. Several threads may share it.

    Args:
        path: the ONNX file.

    Raises:
        CheckpointError: if the file is missing, damaged, or was not exported by hyperthumb.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise CheckpointError(f"there is no exported graph at {path}")
        try:
            model = _core().read_model(path)
            settings = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
            self._compiled = _core().compile_model(model, "CPU", settings)
        except RuntimeError as error:
            raise CheckpointError(f"{path.name} cannot be read as an ONNX file: {error}") from error
        self.manifest: Manifest = read_manifest(_metadata(model), path.name)

    def run(self, value: np.ndarray, *outputs: str) -> list[np.ndarray]:
        """Computes the named outputs, or all outputs, for one input."""
        request = self._compiled.create_infer_request()
        request.infer([value], share_inputs=True)
        names = outputs or tuple(output.get_any_name() for output in self._compiled.outputs)
        return [np.array(request.get_tensor(name).data) for name in names]


@cache
def _core() -> Any:
    """OpenVINO's core. It is never freed, because a signal after that would crash the process."""
    import openvino

    return openvino.Core()


def _metadata(model: Any) -> dict[str, str]:
    """The metadata of the ONNX file, which OpenVINO stores in a section of its runtime information."""
    if not model.has_rt_info("framework"):
        return {}
    return {name: str(value) for name, value in model.get_rt_info("framework").value.items()}
