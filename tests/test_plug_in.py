"""A network of a user is trained, saved, compressed with, refined for and run in tiles like those of hyperthumb."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import hyperthumb
from hyperthumb.base.component import Component
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.codec.refinement import refine
from hyperthumb.evaluation.network_rescaler import NetworkRescaler
from hyperthumb.models.build import build_network
from hyperthumb.models.file import load_model, save_model
from tests import plug_in
from tests.support import photograph, tiny_training, write_options
from tests.warm import run_warm

ROOT = Path(__file__).parents[1]
PHOTOGRAPH = photograph(131, 170)


def network(name="PlugIn", seed=0):
    torch.manual_seed(seed)
    return build_network(Component(name, {"features": 4}), 4).eval()


def saved(path, name="PlugIn"):
    save_model(path, network(name), Component(name, {"features": 4}), path.stem, {"license": "CC0"})
    return path


def pixels(picture):
    return torch.from_numpy(picture).permute(2, 0, 1)[None]


def run(folder, *command):
    return run_warm(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)})


@pytest.mark.parametrize("name", ["PlugIn", "WholePlugIn"])
def test_a_model_file_holds_it(tmp_path, name):
    path = saved(tmp_path / "mine.safetensors", name)
    model = load_model(path, with_rate_model=True)
    assert isinstance(model.network, getattr(plug_in, name))
    for key, value in network(name).state_dict().items():
        assert torch.equal(model.network.state_dict()[key], value.half().float()), key
    light = load_model(path)
    assert light.model_id == model.model_id
    assert (light.rate_model is None) == (name == "WholePlugIn")


@pytest.mark.parametrize("name", ["PlugIn", "WholePlugIn"])
def test_the_codec_takes_it(tmp_path, name):
    codec = hyperthumb.load(saved(tmp_path / "mine.safetensors", name), device="cpu")
    data = codec.compress(PHOTOGRAPH)
    restored = codec.restore(data)
    assert restored.shape == PHOTOGRAPH.shape
    assert np.abs(restored.astype(int) - PHOTOGRAPH).mean() < 30
    assert len(codec.compress(PHOTOGRAPH, max_bytes=len(data) * 3 // 4)) <= len(data) * 3 // 4
    rescaler = NetworkRescaler(network(name))
    assert rescaler.upscale(rescaler.read(rescaler.write(rescaler.downscale(PHOTOGRAPH))), 131, 170).shape == (
        131, 170, 3
    )  # fmt: skip


def test_tiles_give_what_the_whole_gives():
    made, calls = network(), []
    hr = pixels(photograph(320, 256))
    whole = made.analyze(hr.float() / 255)
    batch = made.quantize(whole)
    made.mend.register_forward_hook(lambda _, inputs, __: calls.append(inputs[0].shape[2:]))
    picture = made.restorer().restore(batch.coefficients, batch.tables, 320, 256)
    assert len(calls) == 1
    tiled = made.restorer().restore(batch.coefficients, batch.tables, 320, 256, tile=96)
    assert len(calls) > 6
    assert max(max(size) for size in calls[1:]) <= (96 + 2 * 32) // 4
    np.testing.assert_allclose(tiled.astype(int), picture, atol=1)
    analysis = made.analyzer().analyze(hr, tile=96)
    torch.testing.assert_close(analysis.coefficients, whole.coefficients, atol=1e-3, rtol=1e-5)
    torch.testing.assert_close(analysis.steps, whole.steps)


def test_refinement_brings_the_picture_nearer_at_no_more_bits():
    made = network()
    hr = pixels(photograph(128, 96))
    analysis = made.analyze(hr.float() / 255)

    def measure(analysis):
        batch = made.quantize(analysis)
        restored = made.restore(batch.coefficients, batch.tables)
        return ((restored - hr / 255) ** 2).mean().item(), batch.bits.item()

    mse, bits = measure(analysis)
    refined_mse, refined_bits = measure(refine(made, hr, analysis, 1.0, 15))
    assert refined_mse < 0.995 * mse
    assert refined_bits < 1.01 * bits
    assert all(parameter.grad is None for parameter in made.parameters())


def test_a_network_without_the_optional_methods_says_what_it_cannot_do():
    made = network("WholePlugIn")
    hr = pixels(photograph(64, 64))
    with pytest.raises(HyperthumbError, match="thumbnails of WholePlugIn cannot be refined"):
        refine(made, hr, made.analyze(hr.float() / 255), 1.0, 1)
    with pytest.raises(HyperthumbError, match=r"WholePlugIn restores in fp32, not in bf16$"):
        made.restorer("bf16")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a user: a module with networks, an options file, and what `run_train.py` made of them."""
    folder = tmp_path_factory.mktemp("user")
    shutil.copy(plug_in.__file__, folder / "my_networks.py")
    options = tiny_training(folder, **{"train:total_iter": 2, "logger:save_checkpoint_freq": 2, "val:val_freq": 2})
    options |= {"plugins": ["my_networks"], "network_g": {"type": "PlugIn", "features": 4}}
    write_options(folder / "options.yml", options)
    shutil.copy(folder / "val/photo0.png", folder / "photo.png")
    done = run(folder, str(ROOT / "run_train.py"), "-opt", "options.yml")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("tool", [(), ("--plugin", "my_networks")])
def test_the_tool_takes_a_training_and_the_model_file_made_of_it(trained, tool):
    model = "experiments/tiny"
    if tool:
        model = "mine.safetensors"
        done = run(trained, str(ROOT / "scripts/export_model.py"), "experiments/tiny", model)
        assert done.returncode == 0, done.stderr
    done = run(trained, "-m", "hyperthumb", "compress", "photo.png", "--overwrite", "--model", model, *tool)
    assert done.returncode == 0, done.stderr
    done = run(trained, "-m", "hyperthumb", "restore", "photo.thumb.jpg", "--overwrite", "--model", model, *tool)
    assert (done.returncode, done.stderr) == (0, "")
    assert (trained / "photo.restored.png").is_file()


def test_a_model_file_imports_nothing_by_itself(trained):
    saved(trained / "named.safetensors")
    done = run(trained, "-m", "hyperthumb", "compress", "photo.png", "--overwrite", "--model", "named.safetensors")
    assert done.returncode == 2
    assert 'unknown network "PlugIn"' in done.stderr
    assert "(`--plugin tests.plug_in`, or `import tests.plug_in` in Python)" in done.stderr
    shown = run(trained, "-m", "hyperthumb", "models", "named.safetensors")
    assert re.search(r"\n  plugins +tests\.plug_in\n", shown.stdout)
    exported = run(trained, "-m", "hyperthumb", "export", "named.safetensors", "--plugin", "tests.plug_in")
    assert "error: PlugIn cannot be exported: it does not define `graphs`" in exported.stderr
    for name, complaint in (
        ("my networks", "needs the name of a module"),
        ("nowhere", 'cannot import "nowhere"'),
        ("my_networks.py", "needs the name of a module"),
    ):
        done = run(trained, "-m", "hyperthumb", "compress", "photo.png", "--overwrite", "--plugin", name)
        assert done.returncode == 2
        assert f"error: --plugin {complaint}" in done.stderr
