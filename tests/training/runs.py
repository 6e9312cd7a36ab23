"""Tiny trainings, and their weights."""

from __future__ import annotations

import torch

from hyperthumb.training.main import main
from tests.support import tiny_training, write_options


def run(folder, *arguments: str, **changes: object) -> int:
    path = write_options(folder / "options.yml", tiny_training(folder, **changes))
    return main(["-opt", str(path), *arguments])


def weights(folder, iteration: int, key: str = "params") -> dict[str, torch.Tensor]:
    path = folder / f"experiments/tiny/models/net_g_{iteration}.pth"
    return torch.load(path, weights_only=True)[key]


def assert_equal_weights(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> None:
    assert first.keys() == second.keys()
    for name in first:
        assert torch.equal(first[name], second[name]), name
