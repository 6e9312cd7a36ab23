import numpy as np
import pytest
import torch

from hyperthumb.archs.quantization import FixedTables, LearnedTables, PredictedLogTables, PredictedTables
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.jpeg.tables import ZIGZAG, standard_tables
from tests.archs.parts import tiny


def coefficients(batch=2, rows=3, columns=5):
    return torch.randn(batch, 3, rows, columns, 8, 8, generator=torch.Generator().manual_seed(0)) * 40


@pytest.mark.parametrize(
    "quantization",
    [PredictedTables(16), PredictedTables(16, pool="max"), PredictedLogTables(), FixedTables(), LearnedTables()],
    ids=["predicted", "max", "predicted_log", "fixed", "learned"],
)
def test_every_image_gets_its_own_positive_tables(quantization):
    steps = quantization(coefficients())
    assert steps.shape == (2, 2, 8, 8)
    assert (steps > 0).all()
    single = quantization(coefficients()[1:])
    assert torch.allclose(single, steps[1:], rtol=1e-5)  # an image's tables do not depend on its batch


def test_predicted_tables_pool_after_the_relu_and_share_chroma():
    quantization = PredictedTables(8)
    luma, chroma = quantization.luma, quantization.chroma
    blocks = coefficients(1)
    steps = quantization(blocks)[0]
    vectors = blocks.flatten(-2)[..., list(ZIGZAG)]
    expected = torch.relu(luma(vectors[0, 0].reshape(-1, 64))).mean(0) + 1.49
    assert torch.allclose(steps[0].flatten()[list(ZIGZAG)], expected, rtol=1e-5)
    expected = torch.relu(chroma(vectors[0, 1:].reshape(-1, 64))).mean(0) + 1.49
    assert torch.allclose(steps[1].flatten()[list(ZIGZAG)], expected, rtol=1e-5)
    swapped = blocks[:, [0, 2, 1]]
    assert torch.allclose(quantization(swapped)[0], steps, rtol=1e-5)


def test_predicted_log_starts_flat_and_stays_finite_for_extreme_inputs():
    quantization = PredictedLogTables(initial_step=13)
    assert torch.allclose(quantization(coefficients()), torch.full((2, 2, 8, 8), 13.0))
    with torch.no_grad():
        quantization.base.fill_(1e4)
    steps = quantization(coefficients())
    assert steps.isfinite().all()
    steps.sum().backward()
    assert quantization.base.grad.isfinite().all()
    assert (quantization.base.grad > 0).all()  # descent leads back


def test_fixed_and_learned_start_from_the_standard_tables():
    expected = torch.from_numpy(standard_tables(42)).float()
    for steps in (FixedTables(42)(coefficients()), LearnedTables(42)(coefficients())):
        assert torch.allclose(steps, expected.expand(2, -1, -1, -1), rtol=1e-5)
    assert not list(FixedTables(42).parameters())
    assert np.prod([*LearnedTables(42).log_tables.shape]) == 128


@pytest.mark.parametrize(
    "make",
    [
        lambda: FixedTables(0),
        lambda: LearnedTables(101),
        lambda: PredictedTables(pool="mlp"),
        lambda: PredictedLogTables(0.5),
    ],
)
def test_settings_out_of_range_are_refused(make):
    with pytest.raises(HyperthumbError):
        make()


def test_fixed_tables_are_integers_in_train_mode():
    network = tiny(quantization="fixed").train()
    given = network.transform(torch.rand(1, 3, 32, 32))
    expected = torch.from_numpy(standard_tables(75)).float()
    assert torch.equal(network.tables(given)[0], expected)
