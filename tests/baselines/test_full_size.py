"""Codecs at full size: they restore pictures, and their curves match published measurements."""

from __future__ import annotations

import io
import os
from pathlib import Path

import jpeglib
import numpy as np
import pytest
from PIL import Image

from hyperthumb.baselines import Avif, Jpeg, Jpeg2000, JpegXL, MozJpeg, WebP
from hyperthumb.benchmark.report.curves import at_curve
from hyperthumb.benchmark.report.published import find_published
from hyperthumb.data import HRImageDataset, ImagePair
from hyperthumb.evaluation.evaluator import OutputFolder, evaluate_image
from hyperthumb.metrics import get_protocol, psnr
from tests.support import photograph

PICTURE = photograph(67, 129)


@pytest.mark.parametrize(
    ("cls", "settings", "magic"),
    [
        (Jpeg, [{"quality": 20}, {"quality": 90}], b"\xff\xd8"),
        (Jpeg, [{"optimize": True}, {"subsampling": "4:2:0"}, {"subsampling": "4:4:4"}], b"\xff\xd8"),
        (MozJpeg, [{"quality": 20}, {"quality": 90}, {"quality": 90, "subsampling": "4:4:4"}], b"\xff\xd8"),
        (WebP, [{"quality": 5}, {"quality": 90}], b"RIFF"),
        (Avif, [{"quality": 20}, {"quality": 80}], b"\0\0\0"),
        (JpegXL, [{"quality": 20}, {"quality": 90.5}], b"\xff\x0a"),
        (Jpeg2000, [{"ratio": 40}, {"ratio": 8}], b"\0\0\0\x0cjP"),
    ],
)  # fmt: skip
def test_every_codec_restores_and_higher_settings_cost_more(cls, settings, magic, tmp_path):
    sizes = []
    for arguments in settings:
        codec = cls(**arguments)
        folder = OutputFolder(tmp_path / str(len(sizes)), keep_restored=False)
        measured = evaluate_image(codec, ImagePair("a", PICTURE, None), get_protocol("paper", 4), folder)
        assert measured.thumbnail is None
        assert measured.scores.thumb_psnr is None
        assert measured.restored.shape == PICTURE.shape
        assert measured.scores.psnr_rgb > 20
        data = (folder.root / "files" / f"a{codec.suffix}").read_bytes()
        assert data.startswith(magic)
        assert measured.scores.bytes == len(data)
        sizes.append(len(data))
    assert sizes == sorted(sizes)


def test_mozjpeg_does_not_change_the_default_library():
    with jpeglib.version("turbo210"):
        data = MozJpeg(50).write(PICTURE)
        assert jpeglib.version.get() == "turbo210"
    file = Image.open(io.BytesIO(data))
    assert file.info["progressive"]
    assert file.layer[0][1:3] == (2, 2)
    assert psnr(np.asarray(file), PICTURE) > 25


@pytest.mark.parametrize(
    ("codec", "curve"),
    [
        (Jpeg(10), "jpeg420_default"),
        (Jpeg(12, optimize=True), "jpeg420_opt_prog"),
        (Jpeg(15, "4:4:4"), "jpeg444_default"),
        (MozJpeg(20), "mozjpeg420_default"),
        (WebP(10), "webp_m6"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_curves_match_published_measurements(codec, curve):
    """Within 0.1 dB at equal rate, over all of Kodak."""
    kodak = Path(os.environ.get("HYPERTHUMB_DATA", "datasets")) / "kodak"
    if not kodak.is_dir():
        pytest.skip(f"needs the Kodak photographs in {kodak} (HYPERTHUMB_DATA)")
    source = HRImageDataset(str(kodak))
    rates, scores = [], []
    for index in range(len(source)):
        hr = source.load(index).hr
        data = codec.write(hr)
        rates.append(8 * len(data) / (hr.shape[0] * hr.shape[1]))
        scores.append(psnr(hr, codec.read(data)))
    (published,) = find_published([curve], "kodak")
    expected = at_curve(published.bpp, published.psnr_rgb, float(np.mean(rates)))
    assert expected is not None
    assert float(np.mean(scores)) == pytest.approx(expected, abs=0.1)
