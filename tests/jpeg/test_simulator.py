import numpy as np
import pytest
import torch

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.jpeg.file import JpegThumbnail, decode_rgb, read_jpeg, write_jpeg
from hyperthumb.jpeg.simulator import JpegSimulator, coefficients_to_rgb, rgb_to_coefficients
from hyperthumb.jpeg.tables import standard_tables


def pictures():
    """Noise, saturated checkers, and smooth waves: (3, 40, 56) in 0..1."""
    rng = np.random.default_rng(1)
    rows, columns = np.mgrid[0:40, 0:56]
    yield "noise", rng.random((3, 40, 56))
    yield "checkers", rng.integers(0, 2, (3, 10, 14)).repeat(4, 1).repeat(4, 2)
    yield "waves", np.stack([0.5 + 0.5 * np.sin(rows / (3 + c) + columns / 5 + c) for c in range(3)])


def per_plane(tables):
    return tables[[0, 1, 1]][None, :, None, None]


@pytest.mark.parametrize("quality", [5, 30, 50, 75, 92, 100])
@pytest.mark.parametrize(("name", "picture"), list(pictures()), ids=[name for name, _ in pictures()])
def test_the_simulator_equals_a_jpeg_library(quality, name, picture):
    """Written as a file of odd size and decoded by libjpeg: at most 2 levels apart, and the very same integers."""
    height, width = 37, 51
    tables = torch.from_numpy(standard_tables(quality)).float()
    coefficients = rgb_to_coefficients(torch.tensor(picture, dtype=torch.float32)[None])
    quantized = torch.round(coefficients / per_plane(tables))
    simulated = coefficients_to_rgb(quantized * per_plane(tables))[0, :, :height, :width]

    thumbnail = JpegThumbnail(quantized[0].numpy().astype(np.int16), tables.numpy().astype(np.int64), height, width)
    data = write_jpeg(thumbnail)
    assert np.array_equal(read_jpeg(data).coefficients, quantized[0].numpy())
    shown = torch.tensor(decode_rgb(data)).permute(2, 0, 1)
    difference = (shown - simulated * 255).abs()
    assert difference.max() <= 2
    assert difference.mean() < 0.5


def test_ycbcr_is_clamped_before_the_color_conversion():
    """A block far above white: libjpeg clamps Y first, so its color fades; without that they are 40 levels apart."""
    dequantized = torch.zeros(1, 3, 1, 1, 8, 8)
    dequantized[0, 0, 0, 0, 0, 0] = 1016
    dequantized[0, 0, 0, 0, 0, 1] = 300
    dequantized[0, 2, 0, 0, 0, 0] = -320
    thumbnail = JpegThumbnail(dequantized[0].numpy().astype(np.int16), np.ones((2, 8, 8), np.int64), 8, 8)
    shown = torch.tensor(decode_rgb(write_jpeg(thumbnail))).permute(2, 0, 1)
    assert (coefficients_to_rgb(dequantized)[0] * 255 - shown).abs().max() <= 2
    assert (coefficients_to_rgb(dequantized, clamp=False)[0].clamp(0, 1) * 255 - shown).abs().max() > 20


def test_without_clamping_the_simulator_is_exactly_invertible():
    rgb = torch.rand(2, 3, 16, 8, dtype=torch.float64)
    assert torch.allclose(coefficients_to_rgb(rgb_to_coefficients(rgb), clamp=False), rgb, atol=2e-6)


def test_gradients_in_float64():
    rgb = torch.rand(1, 3, 8, 8, dtype=torch.float64) * 0.8 + 0.1
    coefficients = rgb_to_coefficients(rgb)
    torch.autograd.gradcheck(rgb_to_coefficients, (rgb.requires_grad_(),))
    torch.autograd.gradcheck(coefficients_to_rgb, (coefficients.requires_grad_(),))
    torch.autograd.gradcheck(lambda c: coefficients_to_rgb(c, clamp=False), (coefficients,))


def test_full_precision_under_autocast():
    rgb = torch.rand(1, 3, 16, 16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        coefficients = rgb_to_coefficients(rgb)
        back = coefficients_to_rgb(coefficients)
    assert coefficients.dtype == back.dtype == torch.float32
    assert torch.equal(coefficients, rgb_to_coefficients(rgb))
    assert torch.allclose(back, rgb, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 3, 12, 16), (1, 3, 16, 17)])
def test_odd_sizes_are_refused(shape):
    with pytest.raises(HyperthumbError, match="pad"):
        rgb_to_coefficients(torch.zeros(shape))


@pytest.mark.parametrize("batched", [False, True])
def test_the_layer_makes_the_integers_of_a_file_in_eval_mode(batched):
    tables = torch.from_numpy(np.stack([standard_tables(50), standard_tables(90)])).float()
    rgb = torch.rand(2, 3, 16, 24)
    output = JpegSimulator().eval()(rgb, tables if batched else tables[0])
    for index in range(2):
        own = per_plane(tables[index if batched else 0])
        expected = torch.round(rgb_to_coefficients(rgb[index : index + 1]) / own)
        assert torch.equal(output.quantized[index : index + 1], expected)
        assert torch.equal(output.rgb[index : index + 1], coefficients_to_rgb(expected * own))


def test_the_layer_in_training_passes_gradients_to_pictures_and_tables():
    rgb = (0.2 + 0.6 * torch.rand(1, 3, 8, 16)).requires_grad_()
    tables = torch.full((2, 8, 8), 30.0, requires_grad=True)
    output = JpegSimulator("cubic")(rgb, tables)
    assert not torch.equal(output.quantized, output.quantized.round())
    output.rgb.square().sum().backward()
    assert rgb.grad.abs().sum() > 0
    assert tables.grad.abs().sum() > 0


@pytest.mark.parametrize("shape", [(8, 8), (3, 8, 8), (3, 2, 8, 8)])
def test_the_layer_refuses_tables_of_another_shape(shape):
    with pytest.raises(HyperthumbError, match=r"must be \(2, 8, 8\), or \(2, 2, 8, 8\) for 2 pictures"):
        JpegSimulator()(torch.rand(2, 3, 8, 8), torch.ones(shape))
