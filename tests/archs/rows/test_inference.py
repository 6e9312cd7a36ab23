import numpy as np
import pytest
import torch
from torch import Tensor, nn

from hyperthumb.archs import HyperThumbnail
from hyperthumb.base.component import Component
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.registry import DECODERS
from hyperthumb.metrics import psnr
from tests.archs.rivals.instances import tiny_rival
from tests.support import photograph

SMALL = {"num_feat": 8, "num_block": 1}


def network(scale=4, decoder="LiteDecoder", encoder="RDBUNet"):
    torch.manual_seed(scale)
    made = HyperThumbnail(
        scale,
        quantization=Component("predicted_log", {"num_hidden": 8}),
        encoder=Component(encoder, {"num_feat": 8}) if scale > 1 else None,
        decoder=Component(decoder, SMALL if decoder.startswith(("Lite", "Freq")) else {}) if scale > 1 else None,
    )
    for weights in made.parameters():
        weights.data += torch.randn_like(weights) * 0.02
    return made.eval()


def files_content(made, height, width):
    hr = torch.rand(1, 3, -(-height // made.multiple) * made.multiple, -(-width // made.multiple) * made.multiple)
    batch = made.compress(hr)
    return batch.coefficients, batch.tables


def whole(made, coefficients, tables, height, width):
    with torch.no_grad():
        restored = made.restore(coefficients, tables)
    return restored[0, :, :height, :width].mul(255).round().byte().permute(1, 2, 0).numpy()


@pytest.mark.parametrize("decoder", ["LiteDecoder", "FrequencyAwareDecoder"])
@pytest.mark.parametrize("scale", [1, 2, 4])
@pytest.mark.parametrize("tile", [None, 1, 48, 100_000])
def test_strips_restore_the_same_as_the_whole(decoder, scale, tile):
    made = network(scale, decoder)
    coefficients, tables = files_content(made, 131, 70)
    picture = made.restorer().restore(coefficients, tables, 131, 70, tile)
    assert picture.shape == (131, 70, 3)
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    difference = np.abs(picture.astype(int) - whole(made, coefficients, tables, 131, 70))
    assert difference.max() <= 1  # a sum at a rounding boundary
    assert (difference > 0).mean() < 1e-3


@pytest.mark.parametrize("scale", [1, 2, 4])
@pytest.mark.parametrize("tile", [None, 1, 100])
def test_strips_analyze_the_same_as_the_whole(scale, tile):
    made = network(scale)
    hr = torch.randint(0, 256, (1, 3, 160, 64), dtype=torch.uint8)
    expected = made.analyze(hr.float() / 255)
    for given in (hr, hr.float() / 255):
        analysis = made.analyzer().analyze(given, tile)
        torch.testing.assert_close(analysis.coefficients, expected.coefficients, rtol=1e-5, atol=1e-3)
        torch.testing.assert_close(analysis.steps, expected.steps)


def test_a_smaller_size_equals_the_crop_of_the_whole():
    made = network(4)
    coefficients, tables = files_content(made, 320, 64)
    restorer = made.restorer()
    narrow = restorer.restore(coefficients, tables, 33, 5, tile=32)
    np.testing.assert_array_equal(narrow, restorer.restore(coefficients, tables, 320, 64, tile=32)[:33, :5])


@DECODERS.register("WholePictureDecoder")
class WholePictureDecoder(nn.Module):
    """Brightens by the mean of the whole picture, which a few rows do not tell."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, rgb: Tensor) -> Tensor:
        enlarged = nn.functional.interpolate(rgb, scale_factor=self.scale)
        return enlarged + 0.1 * enlarged.mean((1, 2, 3), keepdim=True)


def test_a_network_that_sees_the_whole_picture_is_run_whole():
    made = network(4, "WholePictureDecoder")
    coefficients, tables = files_content(made, 64, 64)
    restorer = made.restorer()
    picture = restorer.restore(coefficients, tables, 64, 64, tile=8)
    np.testing.assert_array_equal(picture, whole(made, coefficients, tables, 64, 64))
    with pytest.raises(HyperthumbError, match="fp32 only"):
        made.restorer("bf16")


@pytest.mark.parametrize("name", ["IRN", "ComCNN"])
@torch.no_grad()
def test_rivals_in_tiles_are_close_to_the_whole(name, monkeypatch):
    made = tiny_rival(name).eval()
    picture = photograph(64, 352)
    hr = torch.from_numpy(picture).permute(2, 0, 1)[None]
    expected = made.analyze(hr.float() / 255)
    batch = made.quantize(expected)
    untiled = whole(made, batch.coefficients, batch.tables, 61, 350)
    widths = []
    run = made.upscale
    monkeypatch.setattr(made, "upscale", lambda rgb: widths.append(4 * rgb.shape[3]) or run(rgb))
    for tile, seen in ((None, [352]), (64, [192, 256, 320, 320, 256, 192])):  # with 128 on either side
        widths.clear()
        analysis = made.analyzer().analyze(hr, tile)
        assert (analysis.coefficients - expected.coefficients).abs().max() < 0.5
        torch.testing.assert_close(analysis.steps, expected.steps)
        tiled = made.restorer().restore(batch.coefficients, batch.tables, 61, 350, tile)
        assert tiled.shape == (61, 350, 3)
        assert abs(psnr(tiled, picture[:61, :350]) - psnr(untiled, picture[:61, :350])) < 0.01
        assert widths == pytest.approx(seen, abs=32)
    with pytest.raises(HyperthumbError, match="1 row or more"):
        made.analyzer().analyze(hr, 0)


def test_bf16_is_close_to_fp32():
    made = network(4, "FrequencyAwareDecoder")
    coefficients, tables = files_content(made, 96, 96)
    picture = made.restorer("bf16").restore(coefficients, tables, 96, 96)
    difference = np.abs(picture.astype(int) - whole(made, coefficients, tables, 96, 96))
    assert 0 < difference.max() <= 3


def test_a_restorer_keeps_its_weights():
    made = network(4)
    coefficients, tables = files_content(made, 64, 64)
    restorer, analyzer = made.restorer(), made.analyzer()
    before = restorer.restore(coefficients, tables, 64, 64)
    for weights in made.parameters():
        nn.init.zeros_(weights)
    np.testing.assert_array_equal(restorer.restore(coefficients, tables, 64, 64), before)
    assert analyzer.analyze(torch.rand(1, 3, 64, 64)).coefficients.isfinite().all()


def test_senseless_settings_are_errors():
    made = network(4)
    coefficients, tables = files_content(made, 64, 64)
    with pytest.raises(HyperthumbError, match="1 row or more"):
        made.restorer().restore(coefficients, tables, 64, 64, tile=0)
    with pytest.raises(HyperthumbError, match="fp32 or bf16"):
        made.restorer("fp16")
    with pytest.raises(HyperthumbError, match="multiples of 32"):
        made.analyzer().analyze(torch.rand(1, 3, 40, 64))
