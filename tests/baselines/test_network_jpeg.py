"""A rescaling network around real JPEG files."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from hyperthumb.base.component import Component
from hyperthumb.base.errors import HyperthumbError, OptionsError
from hyperthumb.base.registry import BASELINES
from hyperthumb.baselines import NetworkJpeg
from hyperthumb.config import load_test_options
from hyperthumb.data import ImagePair
from hyperthumb.evaluation.evaluator import OutputFolder, evaluate_image
from hyperthumb.evaluation.testing import test as run_test
from hyperthumb.metrics import get_protocol
from tests.archs.rivals.instances import TINY, tiny_rival
from tests.support import photograph, tiny_part, write_options, write_photographs

PHOTOGRAPH = photograph(61, 90)


@pytest.fixture
def checkpoint(tmp_path):
    def save(name, wrap=lambda weights: weights):
        path = tmp_path / f"{name}.pth"
        torch.save(wrap(tiny_rival(name).state_dict()), path)
        return path

    return save


def rescaler(name, path, **arguments):
    settings = {"network": Component(name, TINY[name][1]), "checkpoint": path, **arguments}
    return Component("NetworkJpeg", settings).build(BASELINES, scale=4, device="cpu")


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
@pytest.mark.parametrize("name", TINY)
def test_restores_a_picture_of_odd_size(name, subsampling, checkpoint):
    rival = rescaler(name, checkpoint(name), quality=90, subsampling=subsampling)
    assert rival.name == f"{name} & JPEG q90 {subsampling}"
    data = rival.write(rival.downscale(PHOTOGRAPH))
    assert Image.open(io.BytesIO(data)).size == (23, 16)
    restored = rival.upscale(rival.read(data), 61, 90)
    assert restored.shape == PHOTOGRAPH.shape
    assert restored.dtype == np.uint8
    assert np.array_equal(restored, rival.upscale(rival.read(data), 61, 90))


@pytest.mark.parametrize("name", TINY)
def test_a_png_keeps_every_pixel_and_its_bytes_count(name, checkpoint, tmp_path):
    rival = rescaler(name, checkpoint(name), thumbnail="png")
    assert (rival.name, rival.suffix) == (f"{name} & PNG", ".png")
    thumbnail = rival.downscale(PHOTOGRAPH)
    data = rival.write(thumbnail)
    plain = io.BytesIO()
    Image.fromarray(thumbnail).save(plain, "PNG", compress_level=1)
    assert len(data) < len(plain.getvalue())
    assert np.array_equal(rival.read(data), thumbnail)
    measured = evaluate_image(
        rival, ImagePair("photo", PHOTOGRAPH, None), get_protocol("paper", 4), OutputFolder(tmp_path)
    )
    assert (tmp_path / "thumbnails/photo.png").read_bytes() == data
    assert measured.scores.bytes == len(data)
    assert np.array_equal(measured.thumbnail, thumbnail)
    assert np.array_equal(measured.restored, rival.upscale(thumbnail, 61, 90))


def test_a_png_has_no_settings_of_a_jpeg(checkpoint):
    with pytest.raises(HyperthumbError, match="a PNG has no quality"):
        rescaler("IRN", checkpoint("IRN"), thumbnail="png", quality=90)


@torch.no_grad()
def test_the_network_restores_from_the_decoded_file(checkpoint):
    rival = rescaler("IRN", checkpoint("IRN"))
    network = tiny_rival("IRN").eval()
    thumbnail = rival.downscale(PHOTOGRAPH[:60, :88])
    hr = torch.tensor(PHOTOGRAPH[:60, :88]).permute(2, 0, 1)[None].float() / 255
    expected = network.downscale(hr).image.clamp(0, 1) * 255
    assert np.abs(thumbnail - expected[0].permute(1, 2, 0).numpy()).max() <= 0.501
    read = rival.read(rival.write(thumbnail))
    decoded = torch.tensor(read).permute(2, 0, 1)[None].float() / 255
    expected = network.upscale(decoded).image.clamp(0, 1)[0].permute(1, 2, 0) * 255
    assert np.abs(rival.upscale(read, 60, 88) - expected.numpy()).max() <= 0.501


@pytest.mark.parametrize(
    "wrap",
    [
        lambda weights: {"params": weights},
        lambda weights: {"params_ema": weights},
        lambda weights: {"state_dict": {f"module.{name}": value for name, value in weights.items()}},
    ],
)
def test_wrapped_checkpoints_are_loaded(wrap, checkpoint):
    plain = rescaler("SAIN", checkpoint("SAIN")).downscale(PHOTOGRAPH)
    assert np.array_equal(rescaler("SAIN", checkpoint("SAIN", wrap)).downscale(PHOTOGRAPH), plain)


def test_unsuitable_networks_and_checkpoints_are_refused(checkpoint, tmp_path):
    path = checkpoint("IRN")
    with pytest.raises(OptionsError, match="HyperThumbnail is not a network that stores pixels only"):
        NetworkJpeg(4, tiny_part(), path)
    with pytest.raises(OptionsError, match="does not fit"):
        rescaler("HCFlow", path)
    with pytest.raises(HyperthumbError, match="quality 0"):
        rescaler("IRN", path, quality=0)


def test_an_options_file_measures_several_rows(checkpoint, tmp_path):
    write_photographs(tmp_path / "photos", 1, 40, 50)
    row = {"type": "NetworkJpeg", "network": {"type": "IRN", **TINY["IRN"][1]}, "checkpoint": str(checkpoint("IRN"))}
    options = {
        "name": "rivals",
        "scale": 4,
        "device": "cpu",
        "datasets": {"photos": {"type": "HRImageDataset", "dataroot_gt": str(tmp_path / "photos")}},
        "baselines": [{"type": "BicubicJpeg"}, row, {**row, "quality": 75, "name": "IRN, coarse"}],
        "path": {"results_root": str(tmp_path / "results")},
    }
    loaded = load_test_options(write_options(tmp_path / "rivals.yml", options))
    assert loaded.baselines[1].arguments["network"] == Component("IRN", TINY["IRN"][1])
    entries = run_test(loaded)
    assert [entry.method for entry in entries][1:] == ["IRN & JPEG q96 4:2:0", "IRN, coarse"]
    assert entries[2].mean.bpp < entries[1].mean.bpp
    report = (tmp_path / "results/rivals/photos/irn_coarse/metrics.json").read_text()
    assert "IRN.pth" in report
