"""The rate term: bits of the batch over pixels of the HR images."""

from __future__ import annotations

import pytest
import torch

from hyperthumb.losses import bits_per_pixel_loss


def test_is_the_mean_of_each_images_bits_per_hr_pixel() -> None:
    loss = bits_per_pixel_loss(torch.tensor([65.0 * 257, 3 * 65.0 * 257]), 65, 257)
    assert loss.shape == ()
    assert loss.item() == pytest.approx(2.0)


def test_gradient_shares_a_pixels_bit_among_the_batch() -> None:
    bits = torch.tensor([10.0, 20.0, 30.0, 40.0], requires_grad=True)
    bits_per_pixel_loss(bits, 16, 8).backward()
    assert bits.grad is not None
    assert bits.grad.tolist() == pytest.approx([1 / (4 * 128)] * 4)


def test_half_precision_is_averaged_in_float32() -> None:
    # The mean, 30016.5, has no float16: its neighbours there are 16 apart.
    loss = bits_per_pixel_loss(torch.tensor([60032.0, 1.0], dtype=torch.float16), 1, 1)
    assert loss.dtype == torch.float32
    assert loss.item() == 30016.5


def test_one_number_an_image() -> None:
    with pytest.raises(AssertionError):
        bits_per_pixel_loss(torch.zeros(2, 3), 8, 8)
