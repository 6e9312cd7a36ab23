"""A learned codec's picture and an ordinary thumbnail in one file."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from hyperthumb.base.errors import CheckpointError, OptionsError
from hyperthumb.baselines import BicubicJpeg, LearnedCodecJpeg
from hyperthumb.benchmark.runner import run_benchmark
from hyperthumb.config import load_benchmark_options
from tests.benchmark.runs import write_benchmark
from tests.support import photograph

PHOTOGRAPH = photograph(61, 90)


def save_codec(path, seed=0):
    """Saves a small codec with random weights whose latents are not all zero; returns it."""
    from compressai.models import ScaleHyperprior

    torch.manual_seed(seed)
    codec = ScaleHyperprior(8, 12).eval()
    with torch.no_grad():
        codec.g_a[-1].weight.mul_(40)
    torch.save(codec.state_dict(), path)
    return codec


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "codec.pth.tar"
    save_codec(path)
    return path


def test_one_file_holds_the_thumbnail_and_the_photograph(checkpoint):
    rescaler = LearnedCodecJpeg(4, [checkpoint], device="cpu")
    assert rescaler.name == "bmshj2018-hyperprior + JPEG q96 4:2:0"
    bicubic = BicubicJpeg(4)
    coded = rescaler.downscale(PHOTOGRAPH)
    assert sum(map(len, coded.streams)) > 50
    data = rescaler.write(coded)
    thumbnail = bicubic.write(bicubic.downscale(PHOTOGRAPH))
    assert data.startswith(thumbnail)
    assert len(data) == len(thumbnail) + 4 + sum(4 + len(stream) for stream in coded.streams) + 4
    shown = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    np.testing.assert_array_equal(shown, bicubic.read(thumbnail))

    read = rescaler.read(data)
    assert (read.streams, read.sides) == (coded.streams, coded.sides)
    restored = rescaler.upscale(read, 61, 90)
    assert restored.shape == PHOTOGRAPH.shape
    codec = save_codec(checkpoint)
    padded = np.pad(PHOTOGRAPH, ((0, 3), (0, 38), (0, 0)), mode="edge")
    with torch.no_grad():
        expected = codec(torch.tensor(padded).permute(2, 0, 1)[None] / 255)["x_hat"].clamp(0, 1)[0] * 255
    assert np.abs(restored - expected.permute(1, 2, 0).numpy()[:61, :90]).max() <= 0.501
    assert restored.std() > 1


def test_complexity_counts_parameters_and_operations(checkpoint):
    facts = LearnedCodecJpeg(4, [checkpoint], device="cpu").complexity()
    assert facts.parameters == sum(p.numel() for p in save_codec(checkpoint).parameters())
    # By hand, per pixel of the photograph: four strided 5x5 convolutions of 8 channels (12 at the last), and around the
    # hyperprior's z; generalized divisive normalization is a matrix product a pixel.
    conv = 25 * 3 * 8 / 4 + 25 * 64 / 16 + 25 * 64 / 64 + 25 * 96 / 256
    hyper_analysis = (9 * 12 * 8) / 256 + 25 * 64 / 1024 + 25 * 64 / 4096
    hyper_synthesis = 25 * 64 / 4096 + 25 * 64 / 1024 + 9 * 8 * 12 / 256
    gdn = 64 / 4 + 64 / 16 + 64 / 64
    assert facts.kmacs_encode == pytest.approx((conv + gdn + hyper_analysis + hyper_synthesis) / 1000, abs=6e-4)
    assert facts.kmacs_decode == pytest.approx((conv + gdn + hyper_synthesis) / 1000, abs=6e-4)


def test_weights_of_another_architecture_are_refused(checkpoint):
    with pytest.raises(CheckpointError, match="does not hold the weights of mbt2018-mean"):
        LearnedCodecJpeg(4, [checkpoint], codec="mbt2018-mean", device="cpu")


def test_a_rate_without_a_checkpoint_is_refused(checkpoint):
    with pytest.raises(OptionsError, match="rate 2 has no checkpoint"):
        LearnedCodecJpeg(4, [checkpoint], rate=2, device="cpu")


def test_a_row_is_swept_over_its_checkpoints(tmp_path):
    paths = [tmp_path / f"{number}.pth.tar" for number in (1, 2)]
    for seed, path in enumerate(paths):
        save_codec(path, seed)
    method = {"type": "LearnedCodecJpeg", "checkpoints": [*map(str, paths)]}
    row = {"name": "learned", "method": method, "sweep": {"rate": [1, 2]}}
    options = load_benchmark_options(write_benchmark(tmp_path, rows=[row], anchor=None))
    first = run_benchmark(options).rows[0]
    assert first.failure is None
    bpp = {point.setting: point.bpp for point in first.curves[0].points}
    assert bpp.keys() == {"rate=1", "rate=2"}
    assert bpp["rate=1"] != bpp["rate=2"]
    assert all(point.thumb_psnr > 25 for point in first.curves[0].points)

    save_codec(paths[1], seed=5)
    second = run_benchmark(options).rows[0]
    assert second.weights_sha256 != first.weights_sha256
    assert {point.setting: point.bpp for point in second.curves[0].points}["rate=2"] != bpp["rate=2"]

    paths[0].unlink()
    assert "there is no " in run_benchmark(options).rows[0].failure
