import torch
from torch import nn

from hyperthumb.archs.rivals import ComCNN
from hyperthumb.images.resize import bicubic_upscale


def test_the_layers_are_those_of_the_paper():
    network = ComCNN(2)
    strides = [layer.stride[0] for layer in network.compact if isinstance(layer, nn.Conv2d)]
    assert strides == [1, 2, 1]
    mending = list(network.reconstruction)
    assert sum(isinstance(layer, nn.Conv2d) for layer in mending) == 20
    assert sum(isinstance(layer, nn.BatchNorm2d) for layer in mending) == 18


@torch.no_grad()
def test_the_reconstruction_starts_as_bicubic():
    network = ComCNN(4, num_feat=8, num_layer=3)
    rgb = torch.rand(1, 3, 5, 9)
    torch.testing.assert_close(network.upscale(rgb).image, bicubic_upscale(rgb, 4))
    nn.init.ones_(network.reconstruction[-1].bias)
    torch.testing.assert_close(network.upscale(rgb).image, bicubic_upscale(rgb, 4) + 1)
