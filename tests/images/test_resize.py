"""Bicubic resizing, compared with BasicSR's `imresize`, a port of MATLAB's."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hyperthumb.base.basicsr_bridge import prepare_import
from hyperthumb.images.resize import bicubic_downscale, bicubic_upscale
from tests.support import photograph

SIZES = [(64, 64), (37, 50), (65, 129), (19, 40)]


@pytest.fixture(scope="module")
def imresize():
    prepare_import()
    return importlib.import_module("basicsr.utils.matlab_functions").imresize


def as_tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1).unsqueeze(0).double() / 255


def as_array(image: torch.Tensor) -> np.ndarray:
    return image[0].permute(1, 2, 0).numpy()


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_downscale_equals_matlab(imresize, height, width, scale):
    picture = photograph(height, width)
    expected = imresize(picture.astype(np.float64) / 255, 1 / scale)
    ours = as_array(bicubic_downscale(as_tensor(picture), scale))
    assert ours.shape == expected.shape
    np.testing.assert_allclose(ours, expected, atol=1e-5)


@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_upscale_equals_matlab(imresize, height, width, scale):
    picture = photograph(height, width)
    expected = imresize(picture.astype(np.float64) / 255, scale)
    ours = as_array(bicubic_upscale(as_tensor(picture), scale))
    assert ours.shape == expected.shape
    np.testing.assert_allclose(ours, expected, atol=1e-5)


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_float32_is_within_one_level_of_float64(imresize, scale):
    picture = photograph(83, 61, seed=5)
    expected = np.round(imresize(picture.astype(np.float32) / 255, 1 / scale).clip(0, 1) * 255)
    ours = np.round(as_array(bicubic_downscale(as_tensor(picture).float(), scale)).clip(0, 1) * 255)
    assert np.abs(ours - expected).max() <= 1


def test_downscale_is_antialiased():
    stripes = torch.zeros(1, 1, 32, 32, dtype=torch.float64)
    stripes[..., ::2] = 1
    assert (bicubic_downscale(stripes, 4)[..., 2:-2] - 0.5).abs().max() < 0.02


@pytest.mark.parametrize("resize", [bicubic_downscale, bicubic_upscale])
def test_scale_one_changes_nothing(resize):
    image = as_tensor(photograph(7, 5))
    assert torch.equal(resize(image, 1), image)


@settings(max_examples=40)
@given(height=st.integers(1, 40), width=st.integers(1, 40), scale=st.sampled_from([2, 3, 4, 8]), level=st.floats(-2, 2))
def test_a_flat_picture_stays_flat_at_any_size(height, width, scale, level):
    image = torch.full((2, 3, height, width), level, dtype=torch.float64)
    small, large = bicubic_downscale(image, scale), bicubic_upscale(image, scale)
    assert small.shape == (2, 3, -(-height // scale), -(-width // scale))
    assert large.shape == (2, 3, height * scale, width * scale)
    for result in (small, large):
        assert torch.allclose(result, torch.full_like(result, level), atol=1e-12)


@pytest.mark.parametrize("resize", [bicubic_downscale, bicubic_upscale])
def test_images_and_channels_are_resized_independently(resize):
    image = torch.rand(2, 3, 13, 18, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    together = resize(image, 4)
    for b in range(2):
        for c in range(3):
            alone = resize(image[b : b + 1, c : c + 1], 4)
            torch.testing.assert_close(together[b : b + 1, c : c + 1], alone)


@pytest.mark.parametrize("resize", [bicubic_downscale, bicubic_upscale])
def test_height_and_width_are_treated_alike(resize):
    image = as_tensor(photograph(21, 34))
    torch.testing.assert_close(resize(image.transpose(2, 3), 2), resize(image, 2).transpose(2, 3))


@pytest.mark.parametrize("resize", [bicubic_downscale, bicubic_upscale])
def test_autocast_does_not_lower_the_precision(resize):
    image = as_tensor(photograph(32, 32)).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        result = resize(image, 4)
    assert result.dtype == torch.float32
    assert torch.equal(result, resize(image, 4))


@pytest.mark.parametrize("resize", [bicubic_downscale, bicubic_upscale])
def test_gradients_are_correct(resize):
    image = torch.rand(1, 2, 6, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: resize(x, 2), image)
