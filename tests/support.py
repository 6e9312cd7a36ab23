"""What several tests need: small photographs made from formulas, a tiny network, and an options file for it."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import torch
import yaml
from PIL import Image

from hyperthumb.config import Component
from hyperthumb.models.build import build_network
from hyperthumb.models.contract import RescalingNetwork
from hyperthumb.models.file import save_model

TINY_NETWORK = {
    "type": "HyperThumbnail",
    "encoder": {"type": "LiteEncoder", "num_feat": 8, "num_block": 1, "skip": True},
    "quantization": {"type": "predicted_log", "initial_step": 9},
    "jpeg": {"rounding": "noise"},
    "rate": {"type": "laplace"},
    "decoder": {"type": "LiteDecoder", "num_feat": 8, "num_block": 1, "skip": True},
}


def tiny_part() -> Component:
    """`TINY_NETWORK`, ready to build."""
    return Component("HyperThumbnail", {k: _as_part(v) for k, v in TINY_NETWORK.items() if k != "type"})


def tiny_network(seed: int = 0, scale: int = 4) -> RescalingNetwork:
    """The tiny network with random weights in every layer, in eval mode; what it restores can be recognized."""
    torch.manual_seed(seed)
    network = build_network(tiny_part(), scale).eval().requires_grad_(False)
    for parameter in network.parameters():
        parameter.add_(0.005 * torch.randn_like(parameter))
    return network


def save_tiny_model(path: Path, seed: int = 0, scale: int = 4) -> Path:
    """Writes a model file of the tiny network, and returns its path."""
    save_model(path, tiny_network(seed, scale), tiny_part(), path.stem, {"license": "CC0"})
    return path


def photograph(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A uint8 (H, W, 3) picture with smooth shading, edges and grain, different for each seed."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width] / 32
    planes = []
    for _ in range(3):
        a, b, c, d = rng.uniform(-1, 1, 4)
        shading = 110 + 70 * np.sin(2 * a * rows + 3 * b * columns + 6 * c)
        planes.append(shading + 35 * np.sign(np.sin((2 + d) * columns - (1 + a) * rows)))
    picture = np.stack(planes, axis=2) + rng.normal(0, 2, (height, width, 3))
    return np.clip(picture, 0, 255).round().astype(np.uint8)


def write_photographs(folder: Path, count: int, height: int = 80, width: int = 96, seed: int = 0) -> Path:
    """Writes `count` PNGs and returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        Image.fromarray(photograph(height, width, seed + number)).save(folder / f"photo{number}.png")
    return folder


def tiny_training(folder: Path, **changes: object) -> dict:
    """Options for a run of the tiny network on photographs that are written to `folder`; `changes` are a:b paths."""
    write_photographs(folder / "train", 4)
    write_photographs(folder / "val", 2, 41, 50, seed=50)
    options: dict = {
        "name": "tiny",
        "scale": 4,
        "manual_seed": 3,
        "device": "cpu",
        "datasets": {
            "train": {
                "name": "train",
                "type": "HRImageDataset",
                "dataroot_gt": str(folder / "train"),
                "gt_size": 32,
                "batch_size_per_gpu": 2,
                "num_worker_per_gpu": 0,
            },
            "val": {"name": "val", "type": "HRImageDataset", "dataroot_gt": str(folder / "val")},
        },
        "network_g": copy.deepcopy(TINY_NETWORK),
        "path": {
            "experiments_root": str(folder / "experiments"),
            "tb_root": str(folder / "tb_logger"),
            "results_root": str(folder / "results"),
        },
        "train": {
            "total_iter": 8,
            "ema_decay": 0.9,
            "gradient_clipping": 5,
            "optim_g": {"type": "Adam", "lr": 1e-3, "betas": [0.9, 0.99]},
            "scheduler": {"type": "CosineAnnealingLR", "eta_min": 1e-6},
            "losses": {
                "reconstruction": {"type": "L1Loss", "weight": 1.0},
                "guide": {"type": "MSELoss", "weight": 0.6},
                "rate": {"weight": 0.02},
            },
        },
        "val": {"val_freq": 4, "save_img": False},
        "logger": {"print_freq": 2, "save_checkpoint_freq": 3, "use_tb_logger": False},
    }
    for path, value in changes.items():
        *parents, last = path.split(":")
        place = options
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return options


def write_options(path: Path, options: dict) -> Path:
    path.write_text(yaml.safe_dump(options, sort_keys=False), encoding="utf-8")
    return path


def _as_part(value: object) -> object:
    if isinstance(value, dict) and "type" in value:
        return Component(value["type"], {k: _as_part(v) for k, v in value.items() if k != "type"})
    return value
