"""Runs an exported graph in ONNX Runtime. Only this module imports onnxruntime to run graphs."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from hyperthumb.base.errors import CheckpointError

from .manifest import Manifest, read_manifest


class Session:
    """An exported graph that runs on the CPU. Several threads may share it.

    Args:
        content: the bytes of the ONNX file, or its path.
        threads: number of threads; None means OMP_NUM_THREADS if that is set, else ONNX Runtime's choice.

    Raises:
        CheckpointError: if the file is missing, damaged, or was not exported by hyperthumb.
    """

    def __init__(self, content: bytes | Path, threads: int | None = None) -> None:
        import onnxruntime

        source = content.name if isinstance(content, Path) else "the exported graph"
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.enable_mem_pattern = False  # it keeps memory for each size of tile
        options.intra_op_num_threads = threads or int(os.environ.get("OMP_NUM_THREADS", "0") or 0)
        try:
            data = content.read_bytes() if isinstance(content, Path) else content
            self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except FileNotFoundError as error:
            raise CheckpointError(f"there is no exported graph at {content!s}") from error
        except Exception as error:  # onnxruntime's errors have no common class
            raise CheckpointError(f"{source} cannot be read as an ONNX file: {error}") from error
        metadata = self._session.get_modelmeta().custom_metadata_map
        self.manifest: Manifest = read_manifest(metadata, source)
        self._input: str = self._session.get_inputs()[0].name

    def run(self, value: np.ndarray, *outputs: str) -> list[np.ndarray]:
        """Computes the named outputs, or all outputs, for one input."""
        return list(self._session.run(list(outputs) or None, {self._input: value}))
