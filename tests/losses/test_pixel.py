"""Pixel losses: values against NumPy, mathematical properties, and numerical gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.registry import LOSSES
from hyperthumb.losses import CharbonnierLoss, L1Loss, LogMSELoss, MSELoss


def pictures(dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    first = torch.rand(2, 3, 5, 7, generator=generator, dtype=torch.float64)
    second = torch.rand(2, 3, 5, 7, generator=generator, dtype=torch.float64)
    return first.to(dtype), second.to(dtype)


def test_losses_are_means_over_all_samples() -> None:
    first, second = pictures(torch.float64)
    difference = first.numpy() - second.numpy()
    assert L1Loss()(first, second).item() == pytest.approx(np.abs(difference).mean(), rel=1e-12)
    assert MSELoss()(first, second).item() == pytest.approx((difference**2).mean(), rel=1e-12)
    expected = np.sqrt(difference**2 + 0.05**2).mean()
    assert CharbonnierLoss(eps=0.05)(first, second).item() == pytest.approx(expected, rel=1e-12)


def test_log_mse_is_a_mean_of_logarithms_over_pictures() -> None:
    first, second = pictures(torch.float64)
    errors = ((first - second) ** 2).numpy().mean(axis=(1, 2, 3))
    expected = 2 * 0.05 * np.log1p(errors / 0.05).mean()
    assert LogMSELoss(eps=0.05)(first, second).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("error", "weight"), [(1e-9, 2.0), (1e-3, 1.0)])
def test_the_gradient_of_log_mse_falls_with_the_error(error: float, weight: float) -> None:
    picture = torch.full((1, 3, 4, 4), 0.5, dtype=torch.float64, requires_grad=True)
    target = picture.detach() - error**0.5
    (slope,) = torch.autograd.grad(LogMSELoss(eps=1e-3)(picture, target), picture)
    (plain,) = torch.autograd.grad(MSELoss()(picture, target), picture)
    assert torch.allclose(slope, weight * plain, rtol=1e-5)


def test_charbonnier_lies_between_l1_and_l1_plus_eps() -> None:
    first, second = pictures(torch.float64)
    l1 = L1Loss()(first, second)
    assert l1 < CharbonnierLoss(eps=1e-2)(first, second) < l1 + 1e-2


def test_charbonnier_has_a_finite_gradient_where_l1_has_a_corner() -> None:
    picture = torch.full((1, 3, 2, 2), 0.5, requires_grad=True)
    CharbonnierLoss()(picture, picture.detach().clone()).backward()
    assert picture.grad is not None
    assert torch.equal(picture.grad, torch.zeros_like(picture))


@pytest.mark.parametrize("loss", [L1Loss(), MSELoss(), CharbonnierLoss(eps=0.1), LogMSELoss(eps=0.1)])
def test_gradients_are_correct(loss: torch.nn.Module) -> None:
    first, second = pictures(torch.float64)
    assert torch.autograd.gradcheck(lambda x: loss(x, second), first.requires_grad_())


@pytest.mark.parametrize("loss", [L1Loss(), MSELoss(), CharbonnierLoss(), LogMSELoss()])
def test_half_precision_is_summed_in_float32(loss: torch.nn.Module) -> None:
    # 3 * 64 * 64 samples of 1e-3: a running sum in bfloat16 would stall long before the end.
    prediction = torch.full((1, 3, 64, 64), 1e-3, dtype=torch.bfloat16)
    target = torch.zeros(1, 3, 64, 64)
    value = loss(prediction, target)
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(loss(prediction.double(), target.double()).item(), rel=1e-5)


@pytest.mark.parametrize("loss", [L1Loss(), MSELoss(), CharbonnierLoss(), LogMSELoss()])
def test_shapes_that_would_broadcast_are_refused(loss: torch.nn.Module) -> None:
    with pytest.raises(HyperthumbError, match=r"\(1, 3, 8, 8\) and \(1, 3, 1, 8\)"):
        loss(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 1, 8))


@pytest.mark.parametrize("loss", [CharbonnierLoss, LogMSELoss])
@pytest.mark.parametrize("eps", [0.0, -1e-3, float("nan"), float("inf")])
def test_invalid_eps_is_refused(loss: type, eps: float) -> None:
    with pytest.raises(HyperthumbError, match="eps"):
        loss(eps=eps)


def test_losses_are_registered_by_name() -> None:
    known = {name: LOSSES.get(name) for name in ("CharbonnierLoss", "L1Loss", "MSELoss")}
    assert known == {"CharbonnierLoss": CharbonnierLoss, "L1Loss": L1Loss, "MSELoss": MSELoss}
