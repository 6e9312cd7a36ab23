"""Structural losses: laws, other implementations, sizes, gradients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.losses import FourierLoss, LPIPSLoss, MSSSIMLoss


def pictures(side: int = 48) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    first = torch.rand(2, 3, side, side + 8, generator=generator)
    return first, (first + 0.1 * torch.randn(first.shape, generator=generator)).clamp(0, 1)


@pytest.fixture(scope="module")
def squeeze(tmp_path_factory) -> Path:
    from torchvision import models

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "squeezenet.pth"
    torch.save(models.squeezenet1_1(weights=None).state_dict(), path)
    return path


def test_fourier_is_the_mean_size_of_the_difference_of_numpy_s_transforms():
    first, second = pictures()
    difference = np.fft.fft2(first.double().numpy(), norm="ortho") - np.fft.fft2(second.double().numpy(), norm="ortho")
    assert FourierLoss()(first, second).item() == pytest.approx(np.abs(difference).mean(), rel=1e-5)


def test_ms_ssim_is_the_product_of_contrasts_at_five_scales():
    """Written out with SciPy's blur."""

    def blurred(plane: np.ndarray) -> np.ndarray:
        return gaussian_filter(plane, 1.5, radius=5)[5:-5, 5:-5]

    first, second = (each[:1, :1, :, :176].double() for each in pictures(176))
    product = 1.0
    for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        a, b = first[0, 0].numpy(), second[0, 0].numpy()
        mean_a, mean_b = blurred(a), blurred(b)
        variances = blurred(a * a) + blurred(b * b) - mean_a**2 - mean_b**2
        values = (2 * (blurred(a * b) - mean_a * mean_b) + 0.03**2) / (variances + 0.03**2)
        if scale == 4:
            values = values * (2 * mean_a * mean_b + 0.01**2) / (mean_a**2 + mean_b**2 + 0.01**2)
        product *= values.mean() ** weight
        first, second = (torch.nn.functional.avg_pool2d(each, 2) for each in (first, second))
    first, second = (each[:1, :1, :, :176].double() for each in pictures(176))
    assert MSSSIMLoss()(first, second).item() == pytest.approx(1 - product, abs=1e-5)


def test_ms_ssim_says_how_large_a_crop_has_to_be():
    first, second = pictures(161)
    assert 0 < MSSSIMLoss()(first, second).item() < 1
    with pytest.raises(HyperthumbError, match="MSSSIMLoss needs sides of 161 pixels or more, not 169x160; give larger"):
        MSSSIMLoss()(first[:, :, 1:], second[:, :, 1:])


def test_lpips_is_the_metric_s_and_its_weights_are_fixed(squeeze):
    from hyperthumb.metrics import LpipsMetric

    first, second = pictures()
    loss = LPIPSLoss("squeeze", squeeze)
    expected = LpipsMetric.create("squeeze", squeeze).distances(2 * first - 1, 2 * second - 1).mean()
    torch.testing.assert_close(loss(first, second), expected)
    assert not any(parameter.requires_grad for parameter in loss.parameters())
    with pytest.raises(HyperthumbError, match="sides of 32 pixels or more, not 56x31"):
        loss(first[:, :, :31], second[:, :, :31])


@pytest.mark.parametrize("kind", ["fourier", "ms_ssim", "lpips"])
def test_equal_pictures_cost_nothing_and_others_pull(kind, squeeze):
    loss = {"fourier": FourierLoss, "ms_ssim": MSSSIMLoss, "lpips": lambda: LPIPSLoss("squeeze", squeeze)}
    first, second = pictures(161)
    assert loss[kind]()(first, first).item() == pytest.approx(0, abs=1e-6)
    first.requires_grad_()
    loss[kind]()(first, second).backward()
    assert first.grad is not None
    assert torch.isfinite(first.grad).all()
    assert first.grad.abs().sum() > 0
