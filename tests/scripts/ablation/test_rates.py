from __future__ import annotations

import pytest
import torch

from ablation.rates import find_rate_scales, read_scales
from hyperthumb.codec.codec import load
from hyperthumb.data import HRImageDataset
from tests.support import save_tiny_model, write_photographs


@pytest.mark.parametrize("first", [0.3, 5.0, 0.01])
def test_rates_are_found_whatever_the_rate_at_scale_1(first):
    rates = [0.2, 0.28, 0.43]
    asked = []

    def bpp(scale):
        asked.append(scale)
        return first * scale**-0.8 * 2 ** (-0.1 * scale)

    scales = read_scales(bpp, rates)
    assert scales == sorted(scales, reverse=True)
    assert len(asked) == len(set(asked)) < 20
    for scale, rate in zip(scales, rates, strict=True):
        assert bpp(scale) == pytest.approx(rate, rel=0.03)


def test_rates_out_of_reach_are_left_out():
    assert read_scales(lambda scale: min(max(0.3 / scale, 0.25), 0.35), [0.2, 0.3, 0.43]) == [1.0]
    assert read_scales(lambda scale: 0.1, [0.2, 0.3]) == []


def test_written_files_have_the_requested_rates(tmp_path):
    path = save_tiny_model(tmp_path / "tiny.safetensors")
    source = HRImageDataset(str(write_photographs(tmp_path / "photos", 3, 160, 131)))
    scales = find_rate_scales(path, source, [0.5, 0.7], torch.device("cpu"), photographs=2)
    codec = load(path, "cpu")
    for scale, rate in zip(scales, [0.5, 0.7], strict=True):
        sizes = [len(codec.compress(source.load(index).hr, rate_scale=scale)) for index in range(2)]
        assert 8 * sum(sizes) / (2 * 160 * 131) == pytest.approx(rate, rel=0.1)
