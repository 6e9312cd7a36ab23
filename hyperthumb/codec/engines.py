"""Chooses and opens the engine that runs a model."""

from __future__ import annotations

import ctypes
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from hyperthumb.base import limits
from hyperthumb.base.errors import HyperthumbError, OptionsError
from hyperthumb.runtime.engine import Engine, Model
from hyperthumb.runtime.exported_engine import ExportedEngine, check_graphs, missing_graphs, read_exported

_CUDA_LIBRARIES = ("libcuda.so.1", "nvcuda.dll")
_INSTALLS = {"onnxruntime": "`pip install hyperthumb`", "openvino": "`pip install hyperthumb[openvino]`"}


class OpenedModel(NamedTuple):
    """A model and its engine."""

    model: Model
    engine: Engine


def open_engine(
    path: Path,
    engine: limits.Engine = "auto",
    device: str = "auto",
    encoder_precision: limits.GraphPrecision = "fp32",
) -> OpenedModel:
    """Opens a model in an engine.

    Args:
        path: a model file, a training's folder or a checkpoint. Only model files can have exported graphs.
        engine: auto (see `choose_engine`), torch, onnxruntime or openvino.
        device: auto, cpu, cuda or mps. A GPU needs the engine torch.
        encoder_precision: fp32, fp16 or int8. The engine torch has only fp32.

    Raises:
        CheckpointError: if the model or its exported graphs cannot be read.
        OptionsError: for an engine, a device or a precision that is unknown or unavailable.
        HyperthumbError: if the engine is not installed.
    """
    if engine not in limits.ENGINES:
        raise OptionsError(f'engine: "{engine}" is not one of {", ".join(limits.ENGINES)}')
    if encoder_precision not in limits.GRAPH_PRECISIONS:
        known = ", ".join(limits.GRAPH_PRECISIONS)
        raise OptionsError(f'encoder_precision: "{encoder_precision}" is not one of {known}')
    if encoder_precision != "fp32" and engine != "torch":
        check_graphs(path, encoder_precision, "encoder")
    name = choose_engine(path, device) if engine == "auto" else engine
    if name == "torch":
        if encoder_precision != "fp32":
            raise OptionsError(
                f"torch compresses in fp32, not in {encoder_precision}; give --engine onnxruntime or openvino"
            )
        return _open_torch(path, device)
    if device not in ("auto", "cpu"):
        raise OptionsError(f"device: {device} needs the torch engine; {name} runs on the CPU")
    if find_spec(name) is None:
        raise HyperthumbError(f"{name} is not installed; install it with {_INSTALLS[name]}, or use --engine auto")
    model = read_exported(path)
    return OpenedModel(model, ExportedEngine(model, name, encoder_precision))


def choose_engine(path: Path, device: str = "auto") -> limits.EngineName:
    """The engine that `auto` selects.

    It is torch on a GPU and for models without exported graphs. On a CPU it is ONNX Runtime if it is installed, else
    OpenVINO, else torch.
    """
    exported: tuple[limits.EngineName, ...] = ("onnxruntime", "openvino")
    if device in ("auto", "cpu") and not missing_graphs(path) and not (device == "auto" and _has_gpu_with_torch()):
        return next((name for name in exported if find_spec(name) is not None), "torch")
    return "torch"


def _open_torch(path: Path, device: str) -> OpenedModel:
    if find_spec("torch") is None:
        raise HyperthumbError(
            f"{path} needs PyTorch, which is not installed: the model has no exported graphs beside it, or torch or a "
            "GPU was requested; install it with `pip install hyperthumb[train]`"
        )
    from hyperthumb.models.build import resolve_device
    from hyperthumb.runtime.torch_engine import TorchEngine

    from .models import open_model

    model = open_model(path)
    where = resolve_device(device)
    rate_model = None if model.rate_model is None else model.rate_model.to(where)
    return OpenedModel(model, TorchEngine(model.network.to(where), rate_model).prepare())


def _has_gpu_with_torch() -> bool:
    """Whether torch is installed and CUDA has a device for this process. It avoids the second that torch takes."""
    return find_spec("torch") is not None and _num_cuda_devices() > 0


def _num_cuda_devices() -> int:
    for name in _CUDA_LIBRARIES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        count = ctypes.c_int(0)
        if library.cuInit(0) == 0 and library.cuDeviceGetCount(ctypes.byref(count)) == 0:
            return count.value
    return 0
