import pytest
import torch

from hyperthumb.archs.rivals import BicubicThenNetwork
from hyperthumb.base.component import Component
from hyperthumb.base.errors import OptionsError
from hyperthumb.images.resize import bicubic_downscale, bicubic_upscale

EDSR = Component("EDSR", {"num_in_ch": 3, "num_out_ch": 3, "num_feat": 4, "num_block": 1})
SWINIR = Component(
    "SwinIR",
    {
        "upsampler": "pixelshuffledirect",
        "img_size": 16,
        "window_size": 8,
        "embed_dim": 8,
        "depths": [1],
        "num_heads": [2],
    },
)


@torch.no_grad()
def test_the_thumbnail_is_bicubic_and_has_nothing_to_learn():
    network, hr = BicubicThenNetwork(4, EDSR), torch.rand(1, 3, 32, 64)
    assert torch.equal(network.downscale(hr).image, bicubic_downscale(hr, 4))
    assert all(name.startswith("network.") for name, _ in network.named_parameters())


@torch.no_grad()
def test_the_skip_adds_the_bicubic_enlargement():
    rgb = torch.rand(1, 3, 5, 9)
    plain, skipping = (BicubicThenNetwork(2, EDSR, skip=skip).eval() for skip in (False, True))
    skipping.load_state_dict(plain.state_dict())
    torch.testing.assert_close(skipping.upscale(rgb).image, plain.upscale(rgb).image + bicubic_upscale(rgb, 2))


@torch.no_grad()
def test_windows_get_sides_that_they_divide():
    network, rgb = BicubicThenNetwork(4, SWINIR, multiple=8).eval(), torch.rand(1, 3, 13, 17)
    restored = network.upscale(rgb).image
    assert restored.shape == (1, 3, 52, 68)
    repeated = torch.nn.functional.pad(rgb, (0, 7, 0, 3), mode="replicate")
    torch.testing.assert_close(restored, network.network(repeated)[..., :52, :68])


def test_networks_that_need_coefficients_are_refused():
    with pytest.raises(OptionsError, match="LiteDecoder needs coefficients"):
        BicubicThenNetwork(4, Component("LiteDecoder", {}))
