"""`run_test.py --model ... --data ...`: any model on any folders of pictures."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch
import yaml

from hyperthumb.evaluation.main import main
from tests.support import save_tiny_model, tiny_network, tiny_training, write_options, write_photographs

PLUGIN = """
from hyperthumb.archs.lite import LiteDecoder
from hyperthumb.registry import DECODERS

@DECODERS.register("{name}")
class Mine(LiteDecoder):
    pass
"""


@pytest.fixture
def options(tmp_path) -> Path:
    """A test of a network and on data that do not exist."""
    content = {
        "name": "run",
        "scale": 4,
        "device": "cpu",
        "datasets": {"gone": {"name": "gone", "type": "HRImageDataset", "dataroot_gt": str(tmp_path / "gone")}},
        "network_g": {"type": "HyperThumbnail"},
        "baselines": [{"type": "BicubicJpeg"}],
        "path": {"pretrain_network_g": "gone.pth", "results_root": str(tmp_path / "results")},
    }
    return write_options(tmp_path / "test.yml", content)


@pytest.fixture
def photos(tmp_path) -> str:
    return str(write_photographs(tmp_path / "photos", 1, 41, 50))


def training(folder: Path, **changes: object) -> Path:
    """What a training leaves behind."""
    root = folder / "experiments/mine"
    (root / "models").mkdir(parents=True)
    torch.save({"params": tiny_network().state_dict()}, root / "models/net_g_latest.pth")
    write_options(root / "options.resolved.yml", tiny_training(folder, **changes))
    return root


def measured(folder: Path) -> dict:
    return json.loads((folder / "metrics.json").read_text())


def test_a_training_its_checkpoint_and_its_model_file_are_measured_alike(tmp_path, options, photos):
    root = training(tmp_path)
    checkpoint = root / "models/net_g_latest.pth"
    means = []
    for model, file in (
        (root, checkpoint),
        (checkpoint, checkpoint),
        (save_tiny_model(tmp_path / "tiny.safetensors"), tmp_path / "tiny.safetensors"),
    ):
        assert main(["-opt", str(options), "--model", str(model), "--data", photos]) == 0
        result = measured(tmp_path / "results/run/photos")
        assert result["checkpoint"] == str(file)
        means.append({key: value for key, value in result["mean"].items() if "seconds" not in key})
    assert means[0] == means[1] == means[2]
    assert means[0]["bpp"] > 0
    assert {path.name for path in (tmp_path / "results/run").iterdir()} == {"photos", "table.md"}
    assert list((tmp_path / "results/run/photos").glob("bicubic*/metrics.csv"))


def test_settings_of_a_model_have_an_effect(tmp_path, options, photos, capsys):
    content = yaml.safe_load(options.read_text())
    options = write_options(options, {**content, "comparison": True, "val": {"rate_scale": 2.0}, "baselines": []})
    assert main(["-opt", str(options), "--model", "lite_4x", "--data", photos]) == 0
    assert "no effect" not in capsys.readouterr().err
    assert (tmp_path / "results/run/comparison.png").exists()


def test_a_model_beside_a_network_is_a_contradiction(options, capsys):
    assert main(["-opt", str(options), "--force_yml", "model=lite_4x"]) == 1
    assert "model: network_g is given too" in capsys.readouterr().err


def test_folders_of_one_name_are_several_sets(tmp_path, options, photos):
    other = write_photographs(tmp_path / "other/photos", 2, 41, 50)
    assert main(["-opt", str(options), "--model", "lite_4x", "--data", photos, str(other)]) == 0
    counts = [len(list((tmp_path / "results/run" / name / "thumbnails").iterdir())) for name in ("photos", "photos_2")]
    assert counts == [1, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "lite_2x"], "model lite_2x: its scale is 2, but the options' is 4; add --force_yml scale=2"),
        (["--model", "lite_4y"], 'there is no model "lite_4y"; did you mean "lite_4x"'),
        (["--model", "lite_4x", "--data", "nowhere"], "there is no folder"),
    ],
)
def test_mistakes_are_sentences(options, photos, arguments, message, capsys):
    assert main(["-opt", str(options), "--data", photos, *arguments]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("beside_the_options", [False, True])
def test_a_training_with_a_plugin(tmp_path, options, photos, beside_the_options, monkeypatch):
    """The module is found in the working directory, or beside the test's options with --plugin."""
    module = f"decoder_of_mine_{beside_the_options}".lower()
    here = tmp_path / "here"
    here.mkdir()
    folder = tmp_path if beside_the_options else here
    (folder / f"{module}.py").write_text(PLUGIN.format(name=module))
    root = training(tmp_path, plugins=[module])
    resolved = root / "options.resolved.yml"
    content = yaml.safe_load(resolved.read_text())
    content["network_g"]["decoder"]["type"] = module
    write_options(resolved, content)
    monkeypatch.chdir(here)
    monkeypatch.setattr("sys.path", list(sys.path))
    more = ["--plugin", module] if beside_the_options else []
    assert main(["-opt", str(options), "--model", str(root), "--data", photos, *more]) == 0
    assert measured(tmp_path / "results/run/photos")["mean"]["bpp"] > 0
