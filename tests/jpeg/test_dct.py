import numpy as np
import pytest
import scipy.fft
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hyperthumb.jpeg.dct import block_dct, block_idct

planes = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 3), st.sampled_from([8, 16, 40]), st.sampled_from([8, 24])),
    elements=st.floats(-1e3, 1e3),
)


@settings(max_examples=25)
@given(planes)
def test_the_transform_is_orthonormal(array):
    plane = torch.from_numpy(array)
    coefficients = block_dct(plane)
    scale = 1 + plane.abs().max()
    assert torch.allclose(block_idct(coefficients), plane, atol=float(1e-11 * scale))
    assert torch.allclose(coefficients.square().sum(), plane.square().sum(), rtol=1e-10)


def test_the_transform_equals_scipys():
    plane = torch.randn(2, 3, 16, 24, dtype=torch.float64)
    coefficients = block_dct(plane)
    assert coefficients.shape == (2, 3, 2, 3, 8, 8)
    block = plane[1, 2, 8:16, 16:24].numpy()
    expected = scipy.fft.dctn(block, norm="ortho")
    assert np.allclose(coefficients[1, 2, 1, 2].numpy(), expected)


def test_natural_order_is_vertical_first():
    rows = torch.linspace(-1, 1, 8).view(8, 1).expand(8, 8)  # changes down the rows only
    coefficients = block_dct(rows)[0, 0]
    assert coefficients[1, 0].abs() > 1
    assert coefficients[0, 1].abs() < 1e-6


def test_dc_is_eight_times_the_mean():
    assert block_dct(torch.full((8, 8), 3.0))[0, 0, 0, 0] == pytest.approx(24)


def test_gradients_equal_finite_differences():
    plane = torch.randn(8, 16, dtype=torch.float64, requires_grad=True)
    torch.autograd.gradcheck(block_dct, (plane,))
    torch.autograd.gradcheck(block_idct, (torch.randn(1, 2, 8, 8, dtype=torch.float64, requires_grad=True),))


def test_memory_layout_does_not_matter():
    images = torch.randn(2, 3, 16, 24)
    assert torch.equal(block_dct(images.contiguous(memory_format=torch.channels_last)), block_dct(images))
