"""Against the official network: names and shapes at full size, numbers of a small instance."""

import pytest
import torch

from hyperthumb.archs.rivals import SAIN
from hyperthumb.archs.rivals.sain import GaussianMixture
from tests.archs.rivals.instances import official_instance, official_names, own_names, tiny_rival


def test_names_and_shapes_are_the_official_ones():
    assert own_names(SAIN) == official_names("sain_state_dict_keys.txt")


@torch.no_grad()
def test_numbers_are_the_official_ones():
    weights, tensors = official_instance("sain_4x_small.npz")
    network = SAIN(4, e_block=1, v_block=1)
    network.load_state_dict(weights)
    down = network.downscale(tensors["x"])
    torch.testing.assert_close(down.image, tensors["lr"], atol=1e-5, rtol=0)
    torch.testing.assert_close(down.hidden, tensors["forward"][:, :3], atol=1e-5, rtol=0)
    forward = network.comp_operations(network.down_operations(network.haar_operations(tensors["x"])))
    torch.testing.assert_close(forward, tensors["forward"], atol=1e-5, rtol=0)
    up = network.inverse(torch.cat([tensors["lr_quantised"], tensors["z"]], 1))
    torch.testing.assert_close(up.hidden, tensors["reverse_lr"], atol=1e-5, rtol=0)
    torch.testing.assert_close(up.image, tensors["reverse"], atol=1e-5, rtol=0)


@torch.no_grad()
def test_upscaling_recovers_the_sharp_thumbnail_of_downscaling():
    network = tiny_rival("SAIN").double()
    hr = torch.rand(1, 3, 32, 32, dtype=torch.float64)
    forward = network.comp_operations(network.down_operations(network.haar_operations(hr)))
    up = network.inverse(forward)
    torch.testing.assert_close(up.image, hr, atol=1e-9, rtol=0)
    torch.testing.assert_close(up.hidden, network.downscale(hr).image, atol=1e-9, rtol=0)


def test_the_mixture_is_sampled_with_a_gradient():
    mixture = GaussianMixture(2)
    with torch.no_grad():
        mixture.gmm_para.copy_(torch.tensor([[2.0, 2.0], [-3.0, 5.0], [0.0, -2.0]]))
    torch.manual_seed(0)
    numbers = mixture.sample((20000,))
    assert mixture.mean().item() == pytest.approx(1)
    assert numbers.mean().item() == pytest.approx(1, abs=0.1)
    assert numbers[numbers < 0].std().item() == pytest.approx(1, abs=0.05)
    assert numbers[numbers > 2.5].std().item() == pytest.approx(torch.tensor(-1.0).exp().item(), abs=0.05)
    numbers.square().mean().backward()
    assert (mixture.gmm_para.grad.abs() > 0).all()
