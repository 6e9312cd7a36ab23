import pytest
import torch

from hyperthumb.jpeg.quantize import ROUNDINGS, cubic, noise, straight_through


def values():
    return torch.linspace(-4.3, 4.3, 173, dtype=torch.float64, requires_grad=True)


def gradient(rounding):
    x = values()
    rounding(x).sum().backward()
    return x.grad


@pytest.mark.parametrize("rounding", ROUNDINGS.values(), ids=ROUNDINGS)
def test_rounding_stays_within_half_a_step(rounding):
    x = values()
    assert (rounding(x) - x).abs().max() <= 0.5


def test_noise_is_uniform_and_reproducible():
    x = torch.zeros(40_000)
    torch.manual_seed(3)
    drawn = noise(x)
    torch.manual_seed(3)
    assert torch.equal(drawn, noise(x))
    assert drawn.mean().abs() < 0.01
    assert abs(drawn.var() - 1 / 12) < 2e-3
    assert torch.equal(gradient(noise), torch.ones(173, dtype=torch.float64))


def test_straight_through_gives_integers_and_the_identitys_gradient():
    x = values()
    assert torch.equal(straight_through(x), torch.round(x))
    assert torch.equal(gradient(straight_through), torch.ones(173, dtype=torch.float64))


def test_cubic_rounding_has_the_derivative_of_its_formula():
    x = values().detach()
    assert torch.allclose(gradient(cubic), 3 * (x - x.round()) ** 2)
    smooth = torch.tensor([0.1, -1.7, 2.2], dtype=torch.float64, requires_grad=True)
    torch.autograd.gradcheck(cubic, (smooth,))
