import pytest
import torch
from torch import nn

from hyperthumb.archs.blocks import conv3x3
from hyperthumb.archs.rows.composed import ComposedConvolution


def stack(inputs, outputs, doublings, extra=False):
    """EDSR's upsampler, as in the decoder."""
    torch.manual_seed(doublings)
    layers = []
    for _ in range(doublings):
        layers += [conv3x3(inputs, 4 * inputs), nn.PixelShuffle(2)]
    layers.append(conv3x3(inputs, outputs))
    if extra:
        layers.append(conv3x3(outputs, outputs))
    for layer in layers:
        if isinstance(layer, nn.Conv2d):  # large biases: those are what zeros at inner borders change
            nn.init.normal_(layer.bias)
    return nn.Sequential(*layers).double()


@pytest.mark.parametrize("size", [(9, 11), (5, 30), (7, 7), (1, 1), (2, 40), (40, 2), (3, 6), (6, 3)])
@pytest.mark.parametrize(("doublings", "extra"), [(1, False), (2, False), (3, False), (3, True)])
@torch.inference_mode()
def test_the_composed_convolution_equals_its_layers_inside_the_border(size, doublings, extra):
    layers = stack(4, 3, doublings, extra)
    composed = ComposedConvolution(layers, 4, 2**doublings)
    x = torch.randn(1, 4, *size, dtype=torch.float64)
    torch.testing.assert_close(composed(x), layers(x), rtol=1e-10, atol=1e-10)


@torch.inference_mode()
def test_without_the_original_layers_the_border_differs():
    layers = stack(4, 3, 2)
    composed = ComposedConvolution(layers, 4, 4)
    x = torch.randn(1, 4, 12, 12, dtype=torch.float64)
    naive = nn.functional.pixel_shuffle(nn.functional.conv2d(x, composed.weight, composed.bias, padding=2), 4)
    difference = (naive - layers(x)).abs().amax((0, 1))
    assert difference[4:-4, 4:-4].max() < 1e-10
    assert difference[0].max() > 0.01
    assert difference[:, -1].max() > 0.01


def test_composed_weights_are_untrained_copies():
    layers = stack(4, 3, 1)
    composed = ComposedConvolution(layers, 4, 2)
    assert composed.weight.shape == (12, 4, 5, 5)
    assert not composed.weight.requires_grad
