import math

import pytest
import scipy.stats
import torch
from compressai.entropy_models import EntropyBottleneck

from hyperthumb.archs.rate_model import FEATURES, FactorizedRate, LaplaceRate, MagnitudeRate, magnitude_features
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.images.pixels import to_tensor
from hyperthumb.jpeg.file import JpegThumbnail, write_jpeg
from hyperthumb.jpeg.simulator import rgb_to_coefficients
from hyperthumb.jpeg.tables import ZIGZAG, standard_tables
from tests.support import photograph

MODELS = {"factorized": FactorizedRate, "laplace": LaplaceRate, "magnitude": MagnitudeRate}


def quantized(batch=2, spread=3.0):
    generator = torch.Generator().manual_seed(0)
    return torch.round(torch.randn(batch, 3, 2, 3, 8, 8, generator=generator) * spread)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("spread", [0.0, 1.0, 300.0])
def test_bits_are_positive_finite_and_per_image(model, spread):
    torch.manual_seed(1)
    rate = MODELS[model]()
    values = quantized(spread=spread).requires_grad_()
    bits = rate(values)
    assert bits.shape == (2,)
    assert bits.dtype == torch.float32
    assert bits.isfinite().all()
    assert (bits > 0).all()
    assert torch.allclose(rate(values[1:]), bits[1:], rtol=1e-5)
    bits.sum().backward()
    assert values.grad.isfinite().all()
    assert all(parameter.grad.isfinite().all() for parameter in rate.rate_parameters())


def test_factorized_equals_the_likelihood_of_compressai():
    """With medians at zero CompressAI rounds to the same integers, so its forward pass gives the expected values."""
    torch.manual_seed(1)
    rate = FactorizedRate().eval()
    values = quantized()
    vectors = values.flatten(-2)[..., list(ZIGZAG)]  # (B, 3, h/8, w/8, 64)
    _, luma = rate.luma(vectors[:, 0].permute(0, 3, 1, 2))
    _, chroma = rate.chroma(vectors[:, 1:].permute(0, 1, 4, 2, 3).flatten(0, 1))
    expected = -luma.log2().sum((1, 2, 3)) - chroma.log2().sum((1, 2, 3)).view(2, 2).sum(1)
    assert torch.allclose(rate(values), expected, rtol=1e-4)


def test_factorized_rates_the_given_values_without_rounding_to_medians():
    rate = FactorizedRate().eval()
    before = rate(quantized())
    with torch.no_grad():
        rate.luma.quantiles[:, 0, 1] = 0.4
    assert torch.equal(rate(quantized()), before)
    assert torch.allclose(rate.medians()[0], torch.tensor(0.4))
    assert torch.equal(rate.medians()[1], torch.zeros(64))


def test_the_auxiliary_loss_of_factorized_trains_only_quantiles():
    rate = FactorizedRate()
    trained, auxiliary = list(rate.rate_parameters()), list(rate.auxiliary_parameters())
    assert len(trained) + len(auxiliary) == len(list(rate.parameters()))
    rate.auxiliary_loss().backward()
    assert all(parameter.grad is not None for parameter in auxiliary)
    assert all(parameter.grad is None for parameter in trained)


def test_factorized_keeps_the_parameter_names_of_compressai():
    state = EntropyBottleneck(64).state_dict()
    assert {f"luma.{name}" for name in state} <= set(FactorizedRate().state_dict())


def test_laplace_equals_scipy():
    rate = LaplaceRate()
    with torch.no_grad():
        rate.log_scales.copy_(torch.linspace(-1.5, 3, 128).view(2, 64))
    scales = rate.log_scales.exp().double().detach()
    values = torch.zeros(1, 3, 1, 1, 8, 8)
    values.view(3, 64)[:] = torch.linspace(-3.7, 9.2, 192).view(3, 64)
    expected = 0.0
    for plane in range(3):
        for position, natural in enumerate(ZIGZAG):
            x = float(values.view(3, 64)[plane, natural])
            law = scipy.stats.laplace(scale=float(scales[min(plane, 1), position]))
            expected -= math.log2(law.cdf(x + 0.5) - law.cdf(x - 0.5) if x < 0 else law.sf(x - 0.5) - law.sf(x + 0.5))
    assert rate(values).item() == pytest.approx(expected, rel=1e-5)


def test_laplace_probabilities_sum_to_one():
    rate = LaplaceRate()
    positions = torch.arange(-400, 401).float()
    values = torch.zeros(801, 3, 1, 1, 8, 8)
    values[:, 0, 0, 0, 0, 0] = positions
    with torch.no_grad():
        rest = rate(torch.zeros(1, 3, 1, 1, 8, 8))
        alone = rate(values) - rest  # relative to the DC's own zero
    probability_of_zero = 1 - math.exp(-0.5 / 16)
    assert (probability_of_zero * 2.0**-alone).sum().item() == pytest.approx(1, abs=1e-3)


def test_laplace_gradient_is_correct():
    rate = LaplaceRate().double()
    values = torch.tensor([0.2, -0.3, 0.7, -4.1], dtype=torch.float64)
    vectors = torch.zeros(1, 3, 4, 64, dtype=torch.float64)
    vectors[0, 1, :, 3] = values
    torch.autograd.gradcheck(lambda v: rate.bits(v), (vectors.requires_grad_(),), fast_mode=True)


def test_laplace_scale_can_be_fitted_to_data():
    torch.manual_seed(0)
    rate = LaplaceRate()
    optimizer = torch.optim.Adam(rate.parameters(), 0.05)
    values = torch.round(torch.distributions.Laplace(0.0, 5.0).sample((1, 3, 10, 10, 8, 8)))
    for _ in range(150):
        optimizer.zero_grad()
        (rate(values).sum() / values.numel()).backward()
        optimizer.step()
    assert rate.log_scales.exp().mean().item() == pytest.approx(5, rel=0.1)


def test_magnitude_counts_what_the_coder_codes():
    vectors = torch.zeros(1, 3, 2, 64)
    vectors[0, 0, :, 0] = torch.tensor([-3.0, 4.0])  # differences 3 and 7: 2 and 3 bits
    vectors[0, 0, 0, 5], vectors[0, 0, 1, 63] = 1, -15
    vectors[0, 1, 0, 1], vectors[0, 2, 1, 2], vectors[0, 2, 1, 3] = 7, -1, 1
    vectors[0, 2, 0, 0] = -1  # and back: two differences of 1
    expected = {
        "file": 1, "blocks": 2, "luma_dc": 2 + 3, "luma_count": 2, "luma_size": 1 + 4,
        "chroma_dc": 1 + 1, "chroma_count": 3, "chroma_size": 3 + 1 + 1,
    }  # fmt: skip
    found = magnitude_features(vectors)[0].tolist()
    assert dict(zip(FEATURES, found, strict=True)) == pytest.approx(expected)


def test_magnitude_equals_the_mean_over_random_rounding():
    """At values between integers, which only occur in training."""
    rate = MagnitudeRate()

    def bits(value, frequency):
        vectors = torch.zeros(1, 3, 1, 64)
        vectors[0, 0, 0, frequency] = value
        return rate.bits(vectors).item()

    for frequency in (0, 9):
        for low in (-3, -1, 0, 1, 6):
            for share in (0.25, 0.5):
                expected = (1 - share) * bits(low, frequency) + share * bits(low + 1, frequency)
                assert bits(low + share, frequency) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("quality", [30, 60])
def test_magnitude_is_close_to_file_sizes(quality):
    """The tolerance is wide, because the weights were not fitted to such pictures and tables."""
    tables = standard_tables(quality)
    steps = torch.from_numpy(tables[[0, 1, 1]])[:, None, None]
    ratios = []
    for seed in range(6):
        coefficients = rgb_to_coefficients(to_tensor(photograph(160, 160, seed)))
        integers = torch.round(coefficients / steps)
        file = write_jpeg(JpegThumbnail(integers[0].to(torch.int16).numpy(), tables, 160, 160))
        ratios.append(MagnitudeRate()(integers).item() / (8 * len(file)))
    assert sum(ratios) / len(ratios) == pytest.approx(1, abs=0.25)


def test_magnitude_accepts_custom_weights_and_trains_none():
    rate = MagnitudeRate([100, 0, 0, 2, 0, 0, 0, 0])
    vectors = torch.zeros(1, 3, 2, 64)
    vectors[0, 0, 0, 1:4] = 5
    assert rate.bits(vectors).item() == 106
    assert list(rate.rate_parameters()) == []
    other = MagnitudeRate()
    other.load_state_dict(rate.state_dict())
    assert other.bits(vectors).item() == 106


@pytest.mark.parametrize("weights", [[1.0] * 7, [-1.0] + [1.0] * 7])
def test_magnitude_refuses_invalid_weights(weights):
    with pytest.raises(HyperthumbError, match="8 weights of 0 or more: file, blocks"):
        MagnitudeRate(weights)
