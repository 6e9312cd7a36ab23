import pytest
import torch

from hyperthumb.archs.rivals.flow_steps import ActNorm, ConditionalFlowStep, FlowStep, Permutation
from hyperthumb.archs.rivals.invertible import Chain, Coupling, HaarSplit, level_count
from hyperthumb.archs.rivals.sain import EnhancedCoupling
from hyperthumb.base.errors import HyperthumbError

LAYERS = {
    "Haar split": lambda: HaarSplit(6),
    "coupling": lambda: Coupling(6, growth=4),
    "enhanced coupling": lambda: EnhancedCoupling(6, growth=4),
    "normalization": lambda: ActNorm(6),
    "permutation": lambda: Permutation(6),
    "even flow step": lambda: FlowStep(6, 0, 4),
    "odd flow step": lambda: FlowStep(6, 1, 4),
    "chain": lambda: Chain([Coupling(6, growth=4), HaarSplit(6), Coupling(24, growth=4)]),
}


def disturbed(layer):
    """With every weight away from where it starts, zero and one included."""
    generator = torch.Generator().manual_seed(1)
    layer.double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return layer


def picture(channels=6):
    return torch.randn(2, channels, 8, 12, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


@pytest.mark.parametrize("name", LAYERS)
def test_the_inverse_returns_the_input(name):
    torch.manual_seed(0)
    layer, x = disturbed(LAYERS[name]()), picture()
    with torch.no_grad():
        y = layer(x)
        assert y.numel() == x.numel()
        assert not torch.allclose(y.flatten(), x.flatten(), atol=1e-2)
        torch.testing.assert_close(layer.inverse(y), x, atol=1e-9, rtol=0)
        torch.testing.assert_close(layer(layer.inverse(y)), y, atol=1e-9, rtol=0)


def test_a_conditional_step_is_invertible_given_its_features():
    torch.manual_seed(0)
    step, x, features = disturbed(ConditionalFlowStep(5, 6, 4)), picture()[:, :5], picture()
    with torch.no_grad():
        y = step(x, features)
        torch.testing.assert_close(step.inverse(y, features), x, atol=1e-9, rtol=0)
        assert not torch.allclose(step.inverse(y, features + 1), x, atol=1e-2)


def test_the_first_haar_channels_are_means():
    x = torch.arange(2.0 * 4 * 4).view(1, 2, 4, 4)
    bands = HaarSplit(2)(x)
    torch.testing.assert_close(bands[:, :2], torch.nn.functional.avg_pool2d(x, 2))
    torch.testing.assert_close(bands[:, 2:4], torch.full((1, 2, 2, 2), -0.5))  # left minus right
    torch.testing.assert_close(bands[:, 4:6], torch.full((1, 2, 2, 2), -2.0))  # above minus below


def test_the_haar_split_keeps_its_precision_under_autocast():
    x = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    split = HaarSplit(3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(split(x), split(x.double()).float(), atol=1e-6, rtol=0)
        torch.testing.assert_close(split.inverse(split(x)), x, atol=1e-6, rtol=0)


@pytest.mark.parametrize("scale", [1, 3, 16])
def test_scales_other_than_2_4_and_8_are_an_error(scale):
    with pytest.raises(HyperthumbError, match=f"2, 4 or 8, not {scale}"):
        level_count(scale)
