"""A training with named losses, one of them a plug-in's: each is logged, and the paper's terms stay as they are."""

from __future__ import annotations

import pytest

from hyperthumb.training.main import main
from tests.support import tiny_training, write_options

PLUG_IN = '''
from hyperthumb.registry import LOSSES
from torch import nn

@LOSSES.register()
class GradientLossOfATest(nn.Module):
    """L1 between horizontal differences."""

    def forward(self, prediction, target):
        return (prediction.diff(dim=3) - target.diff(dim=3)).abs().mean()
'''


def scalars(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder / "tb_logger/tiny"))
    events.Reload()
    return {tag: [event.value for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def train(folder, **losses):
    changes = {f"train:losses:{name}": value for name, value in losses.items()}
    options = tiny_training(folder, plugins=["plug_in_of_named_losses"], **changes)
    options["train"]["total_iter"] = 2
    options["logger"] |= {"print_freq": 1, "use_tb_logger": True}
    assert main(["-opt", str(write_options(folder / "o.yml", options))]) == 0
    return scalars(folder)


def test_named_losses_are_trained_and_logged(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "plug_in_of_named_losses.py").write_text(PLUG_IN)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    plain = train(tmp_path / "a")
    named = train(
        tmp_path / "b",
        edges={"type": "GradientLossOfATest", "on": "restored", "weight": 0.5},
        sparse={"type": "L1Loss", "on": "coefficients", "weight": 0.01},
        coarse={"type": "MSELoss", "on": "tables", "weight": 0.0},
    )
    assert named.keys() - plain.keys() == {"loss/edges", "loss/sparse", "loss/coarse"}
    for name in ("reconstruction", "guide", "bpp"):
        assert named[f"loss/{name}"][0] == plain[f"loss/{name}"][0]  # the first step starts from equal weights
        assert named[f"loss/{name}"][1] != plain[f"loss/{name}"][1]  # the terms pull
    added = 0.5 * named["loss/edges"][0] + 0.01 * named["loss/sparse"][0]
    assert named["loss/total"][0] == pytest.approx(plain["loss/total"][0] + added, rel=1e-5)
    assert "edges" in "".join(path.read_text() for path in (tmp_path / "b/experiments/tiny").glob("*.log"))
