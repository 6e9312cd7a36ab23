import numpy as np
import pytest
import torch

from hyperthumb.archs import HyperThumbnail
from hyperthumb.base.component import Component
from hyperthumb.base.errors import HyperthumbError, OptionsError
from hyperthumb.base.registry import DECODERS as DECODER_REGISTRY
from hyperthumb.base.registry import QUANTIZATIONS as QUANTIZATION_REGISTRY
from hyperthumb.base.registry import RATE_MODELS as RATE_REGISTRY
from hyperthumb.images.resize import bicubic_downscale, bicubic_upscale
from hyperthumb.jpeg.file import JpegThumbnail, decode_rgb, read_jpeg, write_jpeg
from hyperthumb.jpeg.quantize import ROUNDINGS
from tests.archs.parts import DECODERS, ENCODERS, QUANTIZATIONS, RATES, tiny
from tests.support import photograph


def photo(height, width, batch=1):
    pictures = [torch.tensor(photograph(height, width, seed)) for seed in range(batch)]
    return torch.stack(pictures).permute(0, 3, 1, 2).float() / 255


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
@pytest.mark.parametrize(("encoder", "decoder"), list(zip(ENCODERS, DECODERS, strict=True)))
def test_shapes_ranges_and_gradients(scale, encoder, decoder):
    network = tiny(scale, encoder=encoder, decoder=decoder)
    hr = photo(16 * scale, 24 * scale, batch=2)
    output = network(hr)
    assert output.restored.shape == hr.shape
    assert output.thumbnail.shape == (2, 3, 16, 24)
    assert output.tables.shape == (2, 2, 8, 8)
    assert output.bits.shape == (2,)
    assert output.thumbnail.min() >= 0
    assert output.thumbnail.max() <= 1
    assert output.tables.min() >= 1
    assert output.tables.max() <= 255
    assert (output.bits > 0).all()
    (output.restored.sum() + output.thumbnail.square().sum() + output.bits.sum()).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, f"{name} gets no gradient"
        assert parameter.grad.isfinite().all(), f"{name}'s gradient is not finite"


@pytest.mark.parametrize("quantization", QUANTIZATIONS)
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_every_quantization_trains_with_every_rounding(quantization, rounding):
    network = tiny(2, quantization=quantization, jpeg={"rounding": rounding})
    output = network(photo(32, 48))
    output.bits.sum().backward()
    trained = list(network.quantization.parameters())
    assert all(parameter.grad.isfinite().all() for parameter in trained)
    if trained and rounding != "cubic":  # the gradient of cubic is zero at integers
        assert any(parameter.grad.abs().sum() > 0 for parameter in trained)
    assert bool(trained) == (quantization != "fixed")


@pytest.mark.parametrize("scale", [1, 4])
@pytest.mark.parametrize("quantization", QUANTIZATIONS)
def test_forward_in_eval_mode_equals_the_file(scale, quantization):
    """In eval mode, forward equals compress, writing a file, and restore. The thumbnail equals the decoded file."""
    network = tiny(scale, quantization=quantization).eval()
    hr = photo(16 * scale, 24 * scale)
    with torch.no_grad():
        output = network(hr)
        batch = network.compress(hr)
        assert torch.equal(output.tables, output.tables.round())
        assert torch.equal(batch.tables.float(), output.tables)
        assert torch.allclose(batch.bits, output.bits)
        data = write_jpeg(JpegThumbnail(batch.coefficients[0].numpy(), batch.tables[0].numpy(), 16, 24))
        read = read_jpeg(data)
        assert np.array_equal(read.coefficients, batch.coefficients[0].numpy())
        restored = network.restore(torch.from_numpy(read.coefficients)[None], torch.from_numpy(read.tables)[None])
    assert torch.allclose(restored, output.restored.clamp(0, 1), atol=1e-6)
    shown = torch.tensor(decode_rgb(data)).permute(2, 0, 1)
    assert (shown - output.thumbnail[0] * 255).abs().max() <= 2


def test_train_and_eval_mode_select_the_rounding():
    network, hr = tiny(), photo(64, 64)
    with torch.no_grad():
        first, second = network(hr), network(hr)
        assert not torch.equal(first.tables, first.tables.round())
        assert not torch.equal(first.thumbnail, second.thumbnail)
        network.eval()
        assert torch.equal(network(hr).thumbnail, network(hr).thumbnail)


def test_the_rate_model_can_have_its_own_rounding():
    """The decoder gets integers while the rate model gets noise; after training both get the integers of the file."""
    network = tiny(4, jpeg={"rounding": "straight_through", "rate_rounding": "noise"})
    hr = photo(64, 64)
    with torch.no_grad():
        first, second = network(hr), network(hr)
        assert torch.equal(first.coefficients, first.coefficients.round())
        assert torch.equal(first.restored, second.restored)
        assert not torch.equal(first.bits, second.bits)
        network.eval()
        assert torch.equal(network(hr).bits, network(hr).bits)
    network.train()(hr).bits.sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in network.encoder.conv_last.parameters())


def test_compress_returns_integers_in_train_mode():
    network, hr = tiny(), photo(64, 64)
    trained = network.compress(hr)
    evaluated = network.eval().compress(hr)
    assert torch.equal(trained.coefficients, evaluated.coefficients)
    assert torch.equal(trained.tables, evaluated.tables)
    assert trained.tables.dtype == trained.coefficients.dtype == torch.int16


def test_rate_scale_coarsens_tables_within_1_to_255():
    network, hr = tiny().eval(), photo(64, 64)
    fine, plain, coarse, extreme = (network.compress(hr, scale) for scale in (0.01, 1, 2, 1000))
    assert (coarse.tables >= plain.tables).all()
    assert coarse.coefficients.abs().sum() < plain.coefficients.abs().sum()
    assert fine.tables.min() == fine.tables.max() == 1
    assert extreme.tables.min() == extreme.tables.max() == 255


def test_untrained_network_with_skips_equals_bicubic_jpeg():
    network, hr = tiny(quantization="fixed").eval(), photo(64, 96)
    with torch.no_grad():
        coefficients = network.transform(hr)
        expected = tiny(1, quantization="fixed").transform(bicubic_downscale(hr, 4).clamp(0, 1))
        assert torch.allclose(coefficients, expected, atol=1e-3)
        output = network(hr)
        assert torch.allclose(output.restored, bicubic_upscale(output.thumbnail, 4), atol=1e-2)


@pytest.mark.parametrize("quantization", ["predicted", "predicted_log"])
@pytest.mark.parametrize("rate", RATES)
def test_jpeg_and_rate_stay_float32_under_autocast(quantization, rate):
    """JPEG, tables and likelihoods are float32 and, for the same thumbnail, the same as without autocast."""
    network, hr = tiny(1, quantization=quantization, rate=rate).eval(), photo(16, 32)
    with torch.no_grad():
        plain = network(hr)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            mixed = network(hr)
            loss = network.auxiliary_loss()
    assert plain.network_loss is None
    for a, b in zip(plain[:4], mixed[:4], strict=True):
        assert b.dtype == torch.float32
        assert torch.equal(a, b)
    assert loss is None or loss.dtype == torch.float32


@pytest.mark.parametrize(("encoder", "decoder"), list(zip(ENCODERS, DECODERS, strict=True)))
def test_trains_under_autocast(encoder, decoder):
    network = tiny(encoder=encoder, decoder=decoder)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = network(photo(64, 64))
    assert output.restored.dtype == output.tables.dtype == output.bits.dtype == torch.float32
    (output.restored.mean() + output.bits.mean()).backward()
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters())


@pytest.mark.parametrize(("rate", "auxiliary"), [("factorized", 2), ("laplace", 0), (None, 0)])
def test_rate_and_auxiliary_parameters_are_separated(rate, auxiliary):
    network = tiny(rate=rate)
    assert len(list(network.auxiliary_parameters())) == auxiliary
    assert (network.auxiliary_loss() is not None) == bool(auxiliary)
    assert (network(photo(64, 64)).bits is None) == (rate is None)
    of_rate = {name for name, _ in network.named_parameters() if name.startswith("rate.")}
    listed = [*network.rate_parameters(), *network.auxiliary_parameters()]
    assert len({id(parameter) for parameter in listed}) == len(listed) == len(of_rate)


@pytest.mark.parametrize("scale", [1, 2, 8])
@pytest.mark.parametrize("extra", [(1, 0), (0, 7), (8, 3)])
def test_sides_that_are_not_multiples_are_refused(scale, extra):
    network = tiny(scale)
    with pytest.raises(HyperthumbError, match=f"multiples of {8 * scale}"):
        network(torch.zeros(1, 3, 8 * scale + extra[0], 8 * scale + extra[1]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scale": 3}, "1, 2, 4 or 8"),
        ({"scale": 4, "encoder": None}, "needs an encoder"),
        ({"scale": 4, "decoder": None}, "needs a decoder"),
        ({"scale": 1}, "cannot have an encoder"),
        ({"scale": 4, "jpeg": {"rounding": "up"}}, "noise, straight_through, cubic"),
        ({"scale": 4, "jpeg": {"rate_rounding": "up"}}, "noise, straight_through, cubic"),
        ({"scale": 4, "jpeg": {"quality": 3}}, "the keys are rounding and rate_rounding"),
    ],
)
def test_invalid_combinations_are_refused(arguments, message):
    parts = {"quantization": QUANTIZATIONS["fixed"], "encoder": ENCODERS["LiteEncoder"]}
    parts["decoder"] = DECODERS["LiteDecoder"]
    with pytest.raises(HyperthumbError, match=message):
        HyperThumbnail(**{**parts, **arguments})


@DECODER_REGISTRY.register("only rgb")
class OnlyRgb(torch.nn.Module):
    """A decoder from another project, which does not take coefficients."""

    def __init__(self, scale, factor):
        super().__init__()
        self.factor = factor

    def forward(self, rgb):
        assert rgb.min() >= 0
        assert rgb.max() <= 1
        return rgb.repeat_interleave(self.factor, 2).repeat_interleave(self.factor, 3)


class OnlyAModule(torch.nn.Module):
    def forward(self, values):
        return values


def only_rgb(factor):
    return HyperThumbnail(
        2,
        quantization=QUANTIZATIONS["fixed"],
        encoder=ENCODERS["LiteEncoder"],
        decoder=Component("only rgb", {"factor": factor}),
    )


def test_a_decoder_may_take_rgb_only():
    assert only_rgb(2)(photo(32, 16)).restored.shape == (1, 3, 32, 16)


def test_a_decoder_of_another_scale_is_refused_by_name():
    message = r"OnlyRgb returns the restored picture as \(1, 3, 64, 32\); it must be a tensor of shape \(1, 3, 32, 16\)"
    with pytest.raises(HyperthumbError, match=message):
        only_rgb(4)(photo(32, 16))


@pytest.mark.parametrize(
    ("part", "output", "message"),
    [
        ("encoder", torch.zeros(1, 3, 8, 4), r"the thumbnail as \(1, 3, 8, 4\); .* \(1, 3, 16, 8\)"),
        ("decoder", (torch.zeros(1, 3, 32, 16),), r"the restored picture as a tuple; .* \(1, 3, 32, 16\)"),
        ("quantization", torch.ones(2, 8, 8), r"tables as \(2, 8, 8\); .* \(1, 2, 8, 8\)"),
        ("rate", torch.ones(()), r"bits as \(\); .* \(1,\)"),
    ],
)
@pytest.mark.parametrize("training", [True, False])
def test_a_part_whose_output_has_another_shape_is_named(part, output, message, training):
    network = tiny(2).train(training)
    getattr(network, part).forward = lambda *_: output
    with pytest.raises(HyperthumbError, match=f"{type(getattr(network, part)).__name__} returns {message}$"):
        network(photo(32, 16))


@pytest.mark.parametrize(
    ("registry", "base"),
    [(QUANTIZATION_REGISTRY, "Quantization in hyperthumb.archs.quantization"),
     (RATE_REGISTRY, "RateModel in hyperthumb.archs.rate_model")],
)  # fmt: skip
def test_tables_and_rate_models_must_be_subclasses(monkeypatch, registry, base):
    monkeypatch.setitem(registry._classes, "only a module", OnlyAModule)
    parts = {
        "quantization": QUANTIZATIONS["fixed"],
        registry.kind.split()[0]: Component("only a module", {}, "o.yml:3"),
    }
    with pytest.raises(
        OptionsError, match=f"^o.yml:3: the {registry.kind} only a module must be a subclass of {base}$"
    ):
        HyperThumbnail(1, **parts)


def test_an_encoder_outside_the_range_has_a_gradient_back_into_it():
    """With a plain clamp, an encoder that outputs 1.5 everywhere would never get a gradient."""
    network = tiny(encoder="LiteEncoder plain")
    with torch.no_grad():
        network.encoder.conv_last.bias.fill_(1.0)
    output = network(photo(64, 64))
    (output.thumbnail - 0.5).square().mean().backward()
    assert (network.encoder.conv_last.bias.grad > 0).all()
