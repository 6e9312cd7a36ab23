import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from hyperthumb.archs.frequency_decoder import FrequencyAwareDecoder
from hyperthumb.archs.rows.row_program import NotLocalError, RowProgram
from hyperthumb.archs.rows.rows import RowSource
from hyperthumb.base.registry import DECODERS as DECODER_REGISTRY
from hyperthumb.base.registry import ENCODERS as ENCODER_REGISTRY
from tests.archs.parts import DECODERS, ENCODERS, TINY

SIZES = [(40, 56), (8, 8), (16, 104), (104, 16)]


class Recorder:
    """A source that notes what is read, and how much at a time."""

    def __init__(self, picture, multiple=1):
        self.picture, self.multiple = picture, multiple
        self.reads = []

    def source(self):
        return RowSource(self.picture.shape[2], self.multiple, self.read)

    def read(self, first, last):
        assert first % self.multiple == 0
        self.reads.append((first, last))
        return self.picture[:, :, first:last]


def randomized(network):
    """Weights and biases that let every part have its say: the trained parts' starts are zero in places."""
    torch.manual_seed(7)
    for weights in network.parameters():
        fan_in = weights[0].numel() if weights.dim() > 1 else 100
        nn.init.normal_(weights, std=0.7 / fan_in**0.5)
    return network.eval()


def run(network, pictures, rows, **options):
    sources = [Recorder(picture).source() for picture in pictures]
    return torch.cat(list(RowProgram(copy.deepcopy(network), **options).run(sources, rows)), 2)


@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize("name", DECODERS)
@torch.inference_mode()
def test_decoders_in_rows_equal_the_whole(name, scale):
    decoder = randomized(DECODERS[name].build(DECODER_REGISTRY, scale=scale)).double()
    fused = decoder.for_inference() if isinstance(decoder, FrequencyAwareDecoder) else decoder
    for height, width in SIZES:
        rgb = torch.rand(1, 3, height, width, dtype=torch.float64) * 1.2 - 0.1
        coefficients = torch.randn(1, 192, height // 8, width // 8, dtype=torch.float64) * 20
        whole = decoder(rgb, coefficients)
        for rows in (1, 8 * scale, 50, 10_000):
            for network in (decoder, fused):
                strips = run(network, [rgb, coefficients], rows)
                torch.testing.assert_close(strips, whole, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize("name", ENCODERS)
@torch.inference_mode()
def test_encoders_in_rows_equal_the_whole(name, scale):
    encoder = randomized(ENCODERS[name].build(ENCODER_REGISTRY, scale=scale)).double()
    for height, width in SIZES:
        hr = torch.rand(1, 3, height * scale, width * scale, dtype=torch.float64)
        whole = encoder(hr)
        for rows in (1, 8, 24, 10_000):
            torch.testing.assert_close(run(encoder, [hr], rows), whole, rtol=1e-9, atol=1e-9)


@torch.inference_mode()
def test_every_input_row_is_read_once_and_as_late_as_possible():
    decoder = randomized(FrequencyAwareDecoder(4, 8, 1, 8, 1, 8)).for_inference()
    rgb, coefficients = Recorder(torch.rand(1, 3, 400, 16), 8), Recorder(torch.rand(1, 192, 50, 2))
    strips = RowProgram(decoder).run([rgb.source(), coefficients.source()], 32)
    assert next(strips).shape == (1, 3, 32, 64)
    assert rgb.reads == [(0, 16)]
    assert coefficients.reads[-1][1] < 10
    rest = list(strips)
    assert sum(strip.shape[2] for strip in rest) == 1600 - 32
    for recorder in (rgb, coefficients):
        assert [first for first, _ in recorder.reads] == [0, *(last for _, last in recorder.reads[:-1])]
        assert recorder.reads[-1][1] == recorder.picture.shape[2]


@pytest.mark.parametrize("name", DECODERS)
@torch.inference_mode()
def test_bf16_differs_from_fp32_but_is_close(name):
    decoder = randomized(DECODERS[name].build(DECODER_REGISTRY, scale=4))
    fused = decoder.for_inference() if isinstance(decoder, FrequencyAwareDecoder) else decoder
    pictures = [torch.rand(1, 3, 40, 56), torch.randn(1, 192, 5, 7) * 20]
    whole = decoder(*pictures)
    strips = run(fused, pictures, 32, low_precision=True)
    assert strips.dtype == torch.float32
    assert 1e-6 < (strips - whole).abs().max() < 0.03 * whole.abs().max()


@torch.inference_mode()
def test_the_program_does_not_change_the_network():
    decoder = randomized(FrequencyAwareDecoder(4, **TINY))
    before = copy.deepcopy(decoder.state_dict())
    RowProgram(decoder.for_inference(), low_precision=True)
    after = decoder.state_dict()
    assert before.keys() == after.keys()
    assert all(after[key].dtype == torch.float32 and torch.equal(after[key], before[key]) for key in before)


class _LooksAtShape(nn.Module):
    def forward(self, x):
        return x[:, :, : x.shape[2] // 2]


class _SharedInPlace(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.relu = nn.Conv2d(3, 3, 1), nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.conv(x)
        return x + self.relu(x)


class _Custom(nn.Module):
    """A convolution, and a function of its result and of a constant."""

    def __init__(self, function, constant=None):
        super().__init__()
        self.conv, self.function = nn.Conv2d(3, 3, 1), function
        self.constant = nn.Parameter(torch.ones(1) if constant is None else constant)

    def forward(self, x):
        return self.function(self.conv(x), self.constant)


def _in_rows_as_whole(network):
    x = torch.rand(1, 3, 12, 8)
    with torch.inference_mode():
        torch.testing.assert_close(run(network, [x], 5), network(x))


@pytest.mark.parametrize(
    "function",
    [
        lambda x, _: x + F.relu(x, inplace=True),
        lambda x, _: x + F.relu(x, True),
        lambda x, _: x + F.leaky_relu(x, 0.1, True),
        lambda x, _: x + F.silu(x, inplace=True),
        lambda x, _: x + F.relu(x.float(), inplace=True),
        lambda x, _: F.interpolate(x, scale_factor=1.5, mode="nearest"),
        lambda x, _: F.interpolate(x, scale_factor=float("inf"), mode="nearest"),
        lambda x, _: F.interpolate(x, scale_factor=(2, 3), mode="nearest"),
        lambda x, _: F.interpolate(x, scale_factor=None, size=(24, 16), mode="nearest"),
        lambda x, _: F.interpolate(x, (24, 16), scale_factor=None, mode="nearest"),
    ],
)
def test_functions_that_are_wrong_in_rows_are_refused(function):
    with pytest.raises(NotLocalError):
        RowProgram(_Custom(function))


@pytest.mark.parametrize("shape", [(1, 3, 12, 8), (12, 1), (8,), (1, 1, 1, 8)])
def test_constants_that_vary_over_the_picture_are_refused(shape):
    for function in (torch.add, lambda x, constant: x.mul(constant)):
        with pytest.raises(NotLocalError, match="on the position"):
            RowProgram(_Custom(function, torch.rand(shape)))


@pytest.mark.parametrize(
    "function",
    [
        lambda x, constant: F.relu(x + constant, inplace=True),
        lambda x, _: F.leaky_relu(x, 0.1, True),
        lambda x, _: x + F.leaky_relu(x, 0.1, False),
        lambda x, _: F.interpolate(x, scale_factor=2.0, mode="nearest"),
        lambda x, _: F.interpolate(x, scale_factor=3, mode="nearest"),
    ],
)
def test_functions_that_are_right_in_rows_are_accepted(function):
    _in_rows_as_whole(_Custom(function, torch.rand(1, 3, 1, 1)))


def test_a_network_that_changes_the_picture_itself_is_refused():
    with pytest.raises(NotLocalError, match="changes the input of another layer"):
        RowProgram(nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(3, 3, 1)))


@pytest.mark.parametrize(
    "network",
    [
        nn.Sequential(nn.Conv2d(3, 3, 1), nn.AdaptiveAvgPool2d(1)),
        nn.Sequential(nn.Conv2d(3, 3, 3, padding=1, padding_mode="reflect")),
        nn.Sequential(nn.Conv2d(3, 3, 3, padding="same")),
        nn.Sequential(nn.BatchNorm2d(3), nn.Softmax(2)),
        _LooksAtShape(),
        _SharedInPlace(),
    ],
)
def test_networks_that_cannot_be_traced_are_refused(network):
    with pytest.raises(NotLocalError):
        RowProgram(network)


@torch.inference_mode()
def test_layers_that_no_shipped_part_has_run_in_rows():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 5, stride=2, padding=2),
        nn.GELU(),
        nn.Conv2d(8, 8, (1, 3), padding=(0, 1), groups=4),
        nn.Conv2d(8, 8, 3),
        nn.Tanh(),
        nn.PixelShuffle(2),
    )
    x = torch.rand(1, 3, 33, 21)
    for rows in (1, 2, 7, 100):
        torch.testing.assert_close(run(network, [x], rows), network(x))
