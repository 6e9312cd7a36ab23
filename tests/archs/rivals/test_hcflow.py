"""Against the official network: names and shapes at full size, numbers of a small instance."""

import pytest
import torch

from hyperthumb.archs.rivals import HCFlow
from hyperthumb.archs.rivals.hcflow import FlowSizes
from hyperthumb.base.errors import HyperthumbError
from tests.archs.rivals.instances import official_instance, official_names, own_names, tiny_rival


def test_names_and_shapes_are_the_official_ones():
    assert own_names(HCFlow) == official_names("hcflow_state_dict_keys.txt")


@torch.no_grad()
def test_numbers_are_the_official_ones():
    weights, tensors = official_instance("hcflow_4x_small.npz")
    sizes = FlowSizes(
        num_step=3, num_split_step=1, growth=8, split_hidden=16, split_feat=16, split_growth=8, split_block=(1, 1)
    )
    network = HCFlow(4, sizes=sizes).eval()
    network.load_state_dict(weights)
    thumbnail, latents = network.flow(tensors["x"])
    torch.testing.assert_close(thumbnail.clamp(0, 1), tensors["lr"], atol=1e-5, rtol=0)
    torch.testing.assert_close(latents[0], tensors["z1"], atol=1e-5, rtol=0)
    torch.testing.assert_close(latents[1], tensors["z2"], atol=1e-5, rtol=0)
    restored = network.upscale(tensors["lr_quantised"]).image.clamp(0, 1)
    torch.testing.assert_close(restored, tensors["reverse_heat0"], atol=1e-5, rtol=0)


@torch.no_grad()
def test_every_levels_latent_restores_the_input():
    """The way up with the z of the way down, which it draws or leaves out otherwise."""
    network = tiny_rival("HCFlow", scale=8).double()
    hr = torch.rand(1, 3, 64, 64, dtype=torch.float64)
    coarse, latents = network.flow(hr)
    features = None
    for level in (2, 1, 0):
        steps, split = network.flow.level(level)
        beside = [coarse]
        if features is not None:
            beside.append(features.repeat_interleave(2, 2).repeat_interleave(2, 3))
        features = split.features(torch.cat(beside, 1))
        coarse = steps.inverse(torch.cat([coarse, split.inverse(latents[level], features)], 1))
    torch.testing.assert_close(coarse, hr, atol=1e-9, rtol=0)


def test_network_loss_is_the_latents_mean_square():
    network = tiny_rival("HCFlow")
    hr = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        down = network.downscale(hr)
        _, latents = network.flow(hr)
        expected = sum(latent.square().sum() for latent in latents) / sum(latent.numel() for latent in latents)
        torch.testing.assert_close(network.network_loss(hr, down, down.image, down), expected)


def test_more_conditional_steps_than_steps_are_an_error():
    with pytest.raises(HyperthumbError, match=r"at most num_step \(2\), not 3"):
        HCFlow(4, sizes=FlowSizes(num_step=2, num_split_step=3))
