from __future__ import annotations

import numpy as np
import pytest
import torch

from hyperthumb.archs.transformer import WINDOW, TransformerEncoder, WindowAttention
from hyperthumb.base.component import Component
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.models.file import load_model, save_model
from hyperthumb.runtime.export import export_model
from hyperthumb.runtime.session import Session
from tests.archs.parts import DECODERS, ENCODERS, QUANTIZATIONS, tiny
from tests.support import photograph


def shaken(module: torch.nn.Module) -> torch.nn.Module:
    """Weights that let every part have its say: some start at zero."""
    torch.manual_seed(3)
    for weights in module.parameters():
        weights.data += 0.1 * torch.randn_like(weights)
    return module


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_makes_thumbnails_of_any_size_of_whole_blocks(scale):
    encoder = TransformerEncoder(scale, num_feat=12, num_block=2, num_heads=3)
    for rows, columns in ((1, 1), (2, 5), (7, 3)):
        hr = torch.rand(1, 3, 8 * scale * rows, 8 * scale * columns)
        assert encoder(hr).shape == (1, 3, 8 * rows, 8 * columns)


def test_a_photograph_of_any_size_goes_through_the_network():
    network = shaken(tiny(encoder="TransformerEncoder")).eval()
    hr = torch.rand(1, 3, 64, 96)
    batch = network.compress(hr)
    assert network.restore(batch.coefficients, batch.tables).shape == hr.shape
    with pytest.raises(HyperthumbError, match="multiples of 32"):
        network.compress(torch.rand(1, 3, 65, 96))


def test_every_weight_is_trained():
    encoder = shaken(TransformerEncoder(4, num_feat=12, num_block=2, num_heads=3))
    encoder(torch.rand(2, 3, 64, 96)).square().sum().backward()
    for name, weights in encoder.named_parameters():
        assert weights.grad.abs().sum() > 0, name


def test_attention_is_that_of_the_definition_within_each_window():
    features, heads, size = 6, 2, WINDOW * WINDOW
    layer = shaken(WindowAttention(features, heads)).double()
    planes = torch.randn(2, 3 * features, 2 * WINDOW, 3 * WINDOW, dtype=torch.float64)
    with torch.no_grad():
        made = torch.nn.functional.pixel_shuffle(layer(torch.nn.functional.pixel_unshuffle(planes, WINDOW)), WINDOW)
    table = layer.bias.detach().numpy().reshape(heads, 2 * WINDOW - 1, 2 * WINDOW - 1)
    for row, column in ((0, 0), (1, 2)):
        place = np.s_[1, :, row * WINDOW : (row + 1) * WINDOW, column * WINDOW : (column + 1) * WINDOW]
        tokens, expected = planes[place].reshape(3, heads, features // heads, size).numpy(), []
        for head in range(heads):
            query, key, value = tokens[:, head]
            scores = query.T @ key / np.sqrt(features // heads)
            for one in range(size):
                for other in range(size):
                    down, across = one // WINDOW - other // WINDOW, one % WINDOW - other % WINDOW
                    scores[one, other] += table[head, down + WINDOW - 1, across + WINDOW - 1]
            weights = np.exp(scores - scores.max(1, keepdims=True))
            expected.append(value @ (weights / weights.sum(1, keepdims=True)).T)
        np.testing.assert_allclose(made[place].numpy(), np.reshape(expected, (features, WINDOW, WINDOW)), rtol=1e-10)


def test_windows_attend_to_themselves_alone():
    layer = shaken(WindowAttention(6, 2))
    windows = torch.randn(1, 3 * 6 * 64, 3, 4)
    changed = windows.clone()
    changed[:, :, 1, 2] += 1
    with torch.no_grad():
        differs = (layer(windows) - layer(changed)).abs().amax((0, 1)) > 0
    assert differs.nonzero().tolist() == [[1, 2]]


def test_convolutions_carry_information_to_the_next_window_in_each_block():
    hr = torch.rand(1, 3, 40, 40 * 7)
    changed = hr.clone()
    changed[..., 3 * 40 + 16 : 3 * 40 + 24] = 0.5
    for blocks, reached in ((1, 1), (2, 2)):
        encoder = shaken(TransformerEncoder(5, num_feat=12, num_block=blocks, num_heads=3, skip=False))
        with torch.no_grad():
            columns = (encoder(hr) - encoder(changed)).abs().amax((0, 1, 2)) > 0
        touched = columns.view(7, WINDOW).any(1).nonzero().flatten()
        # Each block spreads a change over its window, and one pixel into the next; the last convolution one pixel more.
        assert (touched - 3).abs().max() == reached


def test_large_photographs_are_encoded_in_strips(monkeypatch):
    network = shaken(tiny(encoder="TransformerEncoder")).eval()
    hr = torch.rand(1, 3, 32 * 12, 64)
    whole = network.analyze(hr).coefficients
    forward, heights = WindowAttention.forward, []

    def recorded(self, windows):
        heights.append(windows.shape[2])
        return forward(self, windows)

    monkeypatch.setattr(WindowAttention, "forward", recorded)
    strips = network.analyzer().analyze(hr, tile=64).coefficients
    torch.testing.assert_close(strips, whole, rtol=1e-4, atol=1e-3)
    assert sum(heights) == 12
    assert max(heights) <= 4


def test_the_exported_encoder_computes_the_same(tmp_path):
    network = shaken(tiny(encoder="TransformerEncoder")).eval()
    network.detach_rate_model()
    parts = {"encoder": ENCODERS["TransformerEncoder"], "decoder": DECODERS["LiteDecoder"]}
    part = Component("HyperThumbnail", {"quantization": QUANTIZATIONS["predicted_log"], **parts})
    save_model(tmp_path / "t.safetensors", network, part, "t", {"license": "CC0"})
    model = load_model(tmp_path / "t.safetensors")
    encoder = export_model(model, tmp_path / "exported", "encoder")[0]
    for height, width in ((32, 32), (96, 224)):
        image = photograph(height, width)[None]
        with torch.inference_mode():
            expected = model.network.graphs().encoder(torch.from_numpy(image))
        (found,) = Session(encoder.path).run(image)
        np.testing.assert_allclose(found, expected.numpy(), atol=2e-2)


def test_heads_divide_the_channels():
    with pytest.raises(HyperthumbError, match="num_feat must be a multiple of num_heads"):
        TransformerEncoder(4, num_feat=10, num_heads=3)
