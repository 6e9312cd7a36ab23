"""The rate term: bits of the batch over pixels of the HR images."""

from __future__ import annotations

import pytest
import torch

from hyperthumb.losses import bits_per_pixel_loss


def test_bits_per_pixel_are_averaged_over_images() -> None:
    loss = bits_per_pixel_loss(torch.tensor([65.0 * 257, 3 * 65.0 * 257]), 65, 257)
    assert loss.shape == ()
    assert loss.item() == pytest.approx(2.0)


def test_the_gradient_is_shared_equally_by_the_batch() -> None:
    bits = torch.tensor([10.0, 20.0, 30.0, 40.0], requires_grad=True)
    bits_per_pixel_loss(bits, 16, 8).backward()
    assert bits.grad is not None
    assert bits.grad.tolist() == pytest.approx([1 / (4 * 128)] * 4)


def test_half_precision_is_averaged_in_float32() -> None:
    # float16 cannot represent the mean, 30016.5: adjacent float16 numbers are 16 apart there.
    loss = bits_per_pixel_loss(torch.tensor([60032.0, 1.0], dtype=torch.float16), 1, 1)
    assert loss.dtype == torch.float32
    assert loss.item() == 30016.5


def test_bits_of_another_shape_are_refused() -> None:
    with pytest.raises(AssertionError):
        bits_per_pixel_loss(torch.zeros(2, 3), 8, 8)
