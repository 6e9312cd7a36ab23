"""Decoders on a CUDA GPU: PyTorch's ways, and ONNX Runtime's providers where they are installed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.codec.models import open_model
from hyperthumb.models.zoo import find_model
from hyperthumb.runtime.exported_engine import graph_path

from .cases import Size

PROVIDERS = ("CUDAExecutionProvider", "TensorrtExecutionProvider")


def measure_cuda(model: str, size: Size, calls: int) -> Iterator[dict[str, Any]]:
    """Milliseconds and memory of a model's decoder, for each way to run it.

    Raises:
        HyperthumbError: when there is no GPU.
    """
    if not torch.cuda.is_available():
        raise HyperthumbError("--device cuda needs a CUDA GPU and a PyTorch that was built for CUDA")
    path = find_model(model)
    decoder = open_model(path).network.eval().graphs().decoder.cuda()
    scale = open_model(path).network.scale
    blocks = [-(-side // (8 * scale)) for side in reversed(size)]
    values = np.random.default_rng(0).normal(0, 8, (1, 192, *blocks)).astype(np.float32)
    for name, run in _ways(decoder, torch.from_numpy(values).cuda()):
        torch.cuda.reset_peak_memory_stats()
        yield {"model": model, "size": size, "how": name, **_timed(run, calls)} | {
            "peak_bytes": torch.cuda.max_memory_allocated()
        }
    for provider in PROVIDERS:
        session = _onnx_runtime(str(graph_path(path, "decoder")), provider, values)
        if session is not None:
            yield {"model": model, "size": size, "how": f"ONNX Runtime, {provider}", **_timed(session, calls)}


def _ways(decoder: torch.nn.Module, values: torch.Tensor) -> Iterator[tuple[str, Callable[[], Any]]]:
    def with_autocast(module: Callable[[torch.Tensor], Any], half: bool) -> Callable[[], Any]:
        @torch.inference_mode()
        def run() -> Any:
            with torch.autocast("cuda", torch.float16, enabled=half):
                return module(values)

        return run

    yield "torch, fp32", with_autocast(decoder, half=False)
    yield "torch, fp16", with_autocast(decoder, half=True)
    decoder = decoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    yield "torch, fp16, channels_last", with_autocast(decoder, half=True)
    yield "torch.compile, fp16, channels_last", with_autocast(torch.compile(decoder), half=True)
    graphs = torch.compile(decoder, mode="reduce-overhead")
    yield "torch.compile with CUDA graphs, fp16, channels_last", with_autocast(graphs, half=True)


def _onnx_runtime(path: str, provider: str, values: np.ndarray) -> Callable[[], Any] | None:
    """A call with input and output on the GPU, or None where the provider is not installed."""
    import onnxruntime

    if provider not in onnxruntime.get_available_providers():
        return None
    session = onnxruntime.InferenceSession(path, providers=[provider, "CPUExecutionProvider"])
    binding = session.io_binding()
    binding.bind_ortvalue_input("coefficients", onnxruntime.OrtValue.ortvalue_from_numpy(values, "cuda", 0))
    binding.bind_output("picture", "cuda")
    return lambda: session.run_with_iobinding(binding)


def _timed(run: Callable[[], Any], calls: int) -> dict[str, Any]:
    """The median over calls, after three that compile and warm up."""
    for _ in range(3):
        run()
    torch.cuda.synchronize()
    seconds = []
    for _ in range(calls):
        began = time.perf_counter()
        run()
        torch.cuda.synchronize()
        seconds.append(time.perf_counter() - began)
    return {"milliseconds": 1000 * statistics.median(seconds), "calls": calls}
