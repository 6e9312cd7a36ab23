"""The behaviour that all rivals share: the contract of a `RescalingNetwork` around an ordinary JPEG."""

import numpy as np
import pytest
import torch

from hyperthumb.archs.rivals import IRN
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.images.resize import bicubic_downscale
from hyperthumb.jpeg.file import JpegThumbnail, decode_rgb, read_jpeg, write_jpeg
from hyperthumb.jpeg.tables import standard_tables
from tests.archs.rivals.instances import TINY, tiny_rival
from tests.support import photograph


def photo(height, width):
    return torch.tensor(photograph(height, width)).permute(2, 0, 1)[None].float() / 255


@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize("name", TINY)
def test_shapes_ranges_and_gradients(name, scale):
    network, hr = tiny_rival(name, scale), photo(8 * scale, 16 * scale)
    output = network(hr)
    assert output.restored.shape == hr.shape
    assert output.thumbnail.shape == (1, 3, 8, 16)
    assert output.thumbnail.min() >= 0
    assert output.thumbnail.max() <= 1
    assert output.bits is None
    assert (output.network_loss is None) == (name in ("ComCNN", "BicubicThenNetwork"))
    loss = output.restored.square().mean() + output.thumbnail.square().mean()
    (loss if output.network_loss is None else loss + output.network_loss).backward()
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None, f"{key} gets no gradient"
        assert parameter.grad.isfinite().all(), f"{key}'s gradient is not finite"


@pytest.mark.parametrize("name", TINY)
def test_forward_in_eval_mode_equals_the_file(name):
    network, hr = tiny_rival(name, quality=80).eval(), photo(64, 96)
    with torch.no_grad():
        output = network(hr)
        batch = network.compress(hr)
    assert output.network_loss is None
    assert np.array_equal(batch.tables[0].numpy(), standard_tables(80))
    data = write_jpeg(JpegThumbnail(batch.coefficients[0].numpy(), batch.tables[0].numpy(), 16, 24))
    read = read_jpeg(data)
    with torch.no_grad():
        restored = network.restore(torch.from_numpy(read.coefficients)[None], torch.from_numpy(read.tables)[None])
    torch.testing.assert_close(restored, output.restored.clamp(0, 1), atol=1e-5, rtol=0)
    shown = torch.tensor(decode_rgb(data)).permute(2, 0, 1)
    assert (shown - output.thumbnail[0] * 255).abs().max() <= 2
    coarse = network.compress(hr, rate_scale=3)
    assert coarse.coefficients.abs().sum() < batch.coefficients.abs().sum()


@pytest.mark.parametrize("name", TINY)
def test_training_steps_lower_the_loss(name):
    network, hr = tiny_rival(name, **({"temperature": 0.0} if name in ("IRN", "SAIN", "HCFlow") else {})), photo(32, 32)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    reference = bicubic_downscale(hr, 4).clamp(0, 1)
    losses = []
    for _ in range(12):
        output = network(hr)
        loss = (output.restored - hr).abs().mean() + (output.thumbnail - reference).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.mean(losses[-3:]) < np.mean(losses[:3])


@pytest.mark.parametrize("name", TINY)
def test_trains_under_autocast(name):
    network = tiny_rival(name)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = network(photo(32, 32))
    assert output.restored.dtype == output.thumbnail.dtype == torch.float32
    output.restored.mean().backward()
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters() if parameter.grad is not None)


@pytest.mark.parametrize("name", ["IRN", "SAIN", "HCFlow"])
@torch.no_grad()
def test_the_latent_variable_is_sampled_in_train_mode_only(name):
    network, rgb = tiny_rival(name), photo(8, 16)
    assert not torch.equal(network.upscale(rgb).image, network.upscale(rgb).image)
    network.eval()
    assert torch.equal(network.upscale(rgb).image, network.upscale(rgb).image)
    cold = tiny_rival(name, temperature=0.0)
    assert torch.equal(cold.upscale(rgb).image, cold.eval().upscale(rgb).image)


@torch.no_grad()
def test_an_untrained_invertible_network_averages_pixels():
    hr = photo(32, 64)
    torch.testing.assert_close(IRN(4).downscale(hr).image, torch.nn.functional.avg_pool2d(hr, 4))


@pytest.mark.parametrize("size", [(33, 32), (32, 48)])
def test_sides_that_are_not_multiples_are_refused(size):
    with pytest.raises(HyperthumbError, match="multiples of 32"):
        tiny_rival("IRN")(torch.zeros(1, 3, *size))


def test_unknown_roundings_are_refused():
    with pytest.raises(HyperthumbError, match="noise, straight_through, cubic"):
        IRN(4, rounding="up")
