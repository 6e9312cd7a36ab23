"""One measured process: does one case some times and prints the median seconds of its stages as JSON.

python scripts/runtime/work.py '["restore", "lite_4x", "onnxruntime", "fp32", 3840, 2160]' FILE CALLS
"""

from __future__ import annotations

import io
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from hyperthumb.base.limits import EngineName, GraphPrecision, Precision

LONGEST = 12.0
"""Seconds after which no further call begins."""

Call = Callable[[], dict[str, float]]


def main() -> None:
    part, model, engine, precision, *_ = json.loads(sys.argv[1])
    source, calls = Path(sys.argv[2]), int(sys.argv[3])
    if part == "codec":
        call = _codec(source)
    elif part == "compress":
        call = _compress(model, engine, precision, source)
    elif model == "paper":
        call = _paper(engine, precision, source)
    else:
        call = _restore(model, engine, precision, source)
    call()
    began, done = time.perf_counter(), [call()]
    while len(done) < calls and time.perf_counter() - began < LONGEST:
        done.append(call())
    seconds = {stage: statistics.median(each[stage] for each in done) for stage in done[0]}
    print(json.dumps({"seconds": seconds, "calls": len(done)}))


def _timed(*stages: tuple[str, Callable]) -> dict[str, float]:
    """Seconds of stages, each of which gets what the one before it returned."""
    seconds, value = {}, None
    for name, stage in stages:
        began = time.perf_counter()
        value = stage(value)
        seconds[name] = time.perf_counter() - began
    return seconds


def _restore(model: str, engine: EngineName, precision: Precision, source: Path) -> Call:
    import hyperthumb
    from hyperthumb.codec.photograph import restore
    from hyperthumb.images.pictures import encode_picture
    from hyperthumb.jpeg.file import read_jpeg

    _limit_threads(engine)
    runner = hyperthumb.load(model, "cpu", engine=engine).engine
    return lambda: _timed(
        ("entropy decoding", lambda _: read_jpeg(source.read_bytes())),
        ("network", lambda jpeg: restore(runner, jpeg, precision=precision)),
        ("PNG", lambda picture: encode_picture(picture, ".png")),
    )


def _compress(model: str, engine: EngineName, precision: GraphPrecision, source: Path) -> Call:
    import hyperthumb
    from hyperthumb.codec.photograph import analyze, quantize
    from hyperthumb.jpeg.file import write_jpeg

    _limit_threads(engine)
    picture = np.load(source)
    codec = hyperthumb.load(model, "cpu", engine=engine, encoder_precision=precision)
    return lambda: _timed(
        ("network", lambda _: analyze(codec.engine, picture)),
        ("entropy coding", lambda found: write_jpeg(quantize(codec.engine, found).jpeg, "small", codec.backend)),
    )


def _paper(engine: str, precision: Precision, source: Path) -> Call:
    """The paper's light decoder, layer by layer on the whole picture, or in strips."""
    import torch

    from hyperthumb.archs import HyperThumbnail
    from hyperthumb.base.component import Component
    from hyperthumb.codec.photograph import restore
    from hyperthumb.jpeg.file import JpegThumbnail, read_jpeg
    from hyperthumb.runtime.torch_engine import TorchEngine

    _limit_threads("torch")
    torch.manual_seed(0)
    encoder = Component("LiteEncoder", {"num_feat": 8, "num_block": 1})  # not measured
    network = HyperThumbnail(4, Component("fixed"), encoder, decoder=Component("FrequencyAwareDecoder")).eval()
    strips = TorchEngine(network)

    @torch.inference_mode()
    def layers(jpeg: JpegThumbnail) -> np.ndarray:
        coefficients, tables = (torch.tensor(np.asarray(each))[None] for each in (jpeg.coefficients, jpeg.tables))
        restored = network.restore(coefficients, tables)[0, :, : jpeg.hr_height, : jpeg.hr_width]
        return restored.mul(255).round().byte().permute(1, 2, 0).contiguous().numpy()

    network_call = layers if engine == "layers" else partial(restore, strips, precision=precision)
    return lambda: _timed(
        ("entropy decoding", lambda _: read_jpeg(source.read_bytes())),
        ("network", network_call),
    )


def _codec(source: Path) -> Call:
    from PIL import Image

    data = source.read_bytes()
    return lambda: _timed(("decoding", lambda _: np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))))


def _limit_threads(engine: str) -> None:
    """PyTorch takes OMP_NUM_THREADS only where it was built with OpenMP."""
    if engine == "torch":
        import torch

        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


if __name__ == "__main__":
    main()
