from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from hyperthumb.archs.rate_model import FEATURES, MagnitudeRate
from hyperthumb.data import read_image
from hyperthumb.evaluation.network_rescaler import NetworkRescaler
from scripts.measure_rate_model import main
from tests.support import tiny_network, tiny_training, write_options, write_photographs


@pytest.fixture
def experiment(tmp_path):
    folder = tmp_path / "experiments/tiny"
    (folder / "models").mkdir(parents=True)
    write_options(folder / "options.resolved.yml", tiny_training(tmp_path))
    torch.save({"params": tiny_network().state_dict()}, folder / "models/net_g_latest.pth")
    return folder


def test_estimates_against_files(tmp_path, experiment, capsys):
    photographs = write_photographs(tmp_path / "photographs", 6, 96, 130)
    out = tmp_path / "rate.json"
    words = [experiment, photographs, "--rate_scales", 0.5, 1, 3, "--crops", 1, "--crop_size", 64, "--out", out]
    assert main([str(word) for word in words]) == 0
    content = json.loads(out.read_text())
    assert content["features"] == list(FEATURES)
    small, default = (content["profiles"][profile] for profile in ("small", "default"))

    own = small["agreement"]["own estimate"]["photographs"]
    tested = [ratio(photographs / f"photo{number}.png", scale) for number in (1, 3, 5) for scale in (0.5, 1, 3)]
    assert own["files"] == len(tested)
    assert own["ratio"] == pytest.approx(np.mean(tested), rel=1e-5)

    for result in (small, default):
        assert MagnitudeRate(result["fits"]["magnitude"]).weights.min() >= 0
        agreement = result["agreement"]
        for kind in ("photographs", "crops"):
            assert agreement["magnitude"][kind]["error"] < 0.1
            assert agreement["magnitude"][kind]["error"] < agreement["own estimate"][kind]["error"]
            assert agreement["magnitude"][kind]["pearson"] > 0.95
    said = capsys.readouterr().out
    assert f"| own estimate | photographs | 9 | {own['ratio']:.3f} |" in said
    assert "type: magnitude, weights: [" in said


def ratio(path, rate_scale):
    rescaler = NetworkRescaler(tiny_network(), rate_scale=rate_scale)
    thumbnail = rescaler.downscale(read_image(path))
    return rescaler.rate_estimate(thumbnail) / (8 * len(rescaler.write(thumbnail)))


def test_mistakes_are_sentences(tmp_path, experiment, capsys):
    photographs = write_photographs(tmp_path / "photographs", 1)
    assert main([str(tmp_path), str(photographs)]) == 1
    assert "options.resolved.yml, which is needed" in capsys.readouterr().err
    assert main([str(experiment), str(photographs), "--rate_scales", "1"]) == 1
    assert "error: the folder needs at least two photographs" in capsys.readouterr().err
