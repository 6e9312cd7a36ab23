"""A benchmark of four small rows that takes a second, one of which has no weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support import save_tiny_model, write_options, write_photographs

BICUBIC, JPEG, OURS, RIVAL = "Bicubic & JPEG & Bicubic", "JPEG", "tiny", "IRN & JPEG"


def small_benchmark(folder: Path, **changes: object) -> dict[str, Any]:
    """The options; photographs of 80 x 96 pixels and a model of random weights are written to `folder`."""
    write_photographs(folder / "photos", 2)
    model = save_tiny_model(folder / "tiny.safetensors")
    rival = {"type": "NetworkJpeg", "network": {"type": "IRN"}, "checkpoint": str(folder / "irn.pth")}
    return {
        "name": "small",
        "scale": 4,
        "device": "cpu",
        "target_bpp": 0.8,
        "anchor": JPEG,
        "results_root": str(folder / "results"),
        "datasets": {"photos": {"type": "HRImageDataset", "dataroot_gt": str(folder / "photos")}},
        "crops": [{"image": "photo1", "box": [8, 16, 48, 32]}],
        "rows": [
            {"name": BICUBIC, "method": {"type": "BicubicJpeg"}, "sweep": {"quality": [40, 80, 96]}},
            {"name": JPEG, "method": {"type": "Jpeg"}, "sweep": {"quality": [2, 5, 10, 20, 35, 60, 80]}},
            {"name": RIVAL, "method": rival, "obtained": "trained for a minute", "sweep": {"quality": [75, 96]}},
            {"name": OURS, "model": str(model), "rate_scales": [0.1, 1, 10]},
        ],
        **changes,
    }


def write_benchmark(folder: Path, **changes: object) -> Path:
    """Writes the options file of `small_benchmark`."""
    return write_options(folder / "small.yml", small_benchmark(folder, **changes))
