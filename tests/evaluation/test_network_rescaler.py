"""Measuring a network does to it nothing that its training would notice."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hyperthumb.base.errors import HyperthumbError, ThumbnailError
from hyperthumb.evaluation.network_rescaler import NetworkRescaler
from hyperthumb.jpeg.file import read_jpeg
from tests.archs.parts import DECODERS, ENCODERS, tiny
from tests.support import photograph

PHOTOGRAPH = photograph(61, 90)


@pytest.mark.parametrize(("encoder", "decoder"), list(zip(ENCODERS, DECODERS, strict=True)))
def test_a_network_in_training_is_left_as_it_was(encoder, decoder):
    torch.manual_seed(0)
    network = tiny(encoder=encoder, decoder=decoder).train()
    before = {name: (value.detach().clone(), value.requires_grad) for name, value in network.named_parameters()}
    strides = [value.stride() for value in network.parameters()]
    rescaler = NetworkRescaler(network)
    rescaler.upscale(rescaler.read(rescaler.write(rescaler.downscale(PHOTOGRAPH))), 61, 90)
    network.restorer("bf16")
    for name, value in network.named_parameters():
        expected, trained = before[name]
        assert value.dtype == expected.dtype
        assert torch.equal(value, expected)
        assert value.requires_grad == trained, name
    assert strides == [value.stride() for value in network.parameters()]
    network.train()(torch.rand(1, 3, 32, 32)).restored.mean().backward()
    assert all(value.grad is not None for name, value in network.named_parameters() if name.startswith("encoder."))


def test_new_weights_are_measured_by_a_new_rescaler():
    network = tiny(encoder="LiteEncoder", decoder="LiteDecoder plain")
    data = NetworkRescaler(network).write(NetworkRescaler(network).downscale(PHOTOGRAPH))
    first = NetworkRescaler(network)
    before = first.upscale(first.read(data), 61, 90)
    with torch.no_grad():
        network.decoder.conv_last.bias.add_(0.1)
    second = NetworkRescaler(network)
    assert np.abs(second.upscale(second.read(data), 61, 90).astype(int) - before).mean() > 10


def test_the_file_s_note_of_the_size_has_to_agree():
    rescaler = NetworkRescaler(tiny())
    data = rescaler.write(rescaler.downscale(PHOTOGRAPH))
    assert (read_jpeg(data).hr_height, read_jpeg(data).hr_width) == (61, 90)
    with pytest.raises(ThumbnailError, match="90x61, not 90x60"):
        rescaler.upscale(rescaler.read(data), 60, 90)


def test_refined_thumbnails_are_others_and_leave_no_gradients():
    network = tiny(encoder="LiteEncoder", decoder="LiteDecoder plain")
    refined = NetworkRescaler(network, refine=2).downscale(PHOTOGRAPH)
    assert not np.array_equal(
        refined.jpeg.coefficients, NetworkRescaler(network).downscale(PHOTOGRAPH).jpeg.coefficients
    )
    assert all(value.grad is None for value in network.parameters())
    with pytest.raises(HyperthumbError, match=r'0 for none, "best", or a mapping .*, not -1'):
        NetworkRescaler(network, refine=-1)


def test_the_rate_model_s_estimate_is_near_the_file():
    rescaler = NetworkRescaler(tiny())
    thumbnail = rescaler.downscale(PHOTOGRAPH)
    bits = rescaler.rate_estimate(thumbnail)
    assert bits is not None
    assert bits > 0
    assert rescaler.rate_estimate(rescaler.read(rescaler.write(thumbnail))) is None


def test_a_rate_model_beside_the_network_estimates_the_same():
    network = tiny()
    expected = NetworkRescaler(network).rate_estimate(NetworkRescaler(network).downscale(PHOTOGRAPH))
    rate_model, network.rate = network.rate, None
    rescaler = NetworkRescaler(network, rate_model=rate_model)
    thumbnail = rescaler.downscale(PHOTOGRAPH)
    assert thumbnail.estimated_bits is None
    assert rescaler.rate_estimate(thumbnail) == pytest.approx(expected)
