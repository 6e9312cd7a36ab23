"""Against the official network: names and shapes at full size, numbers of a small instance."""

import torch

from hyperthumb.archs.rivals import IRN
from tests.archs.rivals.instances import official_instance, official_names, own_names, tiny_rival


def test_names_and_shapes_are_the_official_ones():
    assert own_names(IRN) == official_names("irn_state_dict_keys.txt")


@torch.no_grad()
def test_numbers_are_the_official_ones():
    weights, tensors = official_instance("irn_4x_small.npz")
    network = IRN(4, num_block=1).eval()
    network.load_state_dict(weights)
    down = network.downscale(tensors["x"])
    torch.testing.assert_close(torch.cat(down, 1), tensors["forward"], atol=1e-5, rtol=0)
    drawn = network.operations.inverse(torch.cat([tensors["lr_quantised"], tensors["z"]], 1))
    torch.testing.assert_close(drawn, tensors["reverse"], atol=1e-5, rtol=0)
    restored = network.upscale(tensors["lr_quantised"]).image
    torch.testing.assert_close(restored, tensors["reverse_zero_z"], atol=1e-5, rtol=0)


@torch.no_grad()
def test_network_loss_is_the_latent_s_size():
    network = tiny_rival("IRN")
    hr = torch.rand(2, 3, 32, 64)
    thumbnail, latent = network.downscale(hr)
    own = network.network_loss(hr, network.downscale(hr), thumbnail, network.upscale(thumbnail))
    torch.testing.assert_close(own, latent.square().sum() / hr.numel())
    torch.testing.assert_close(network.operations.inverse(torch.cat([thumbnail, latent], 1)), hr, atol=1e-5, rtol=0)
