from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hyperthumb.base.registry import DATASETS
from hyperthumb.baselines import BicubicJpeg
from hyperthumb.baselines.pillow_jpeg import JpegSettings
from hyperthumb.evaluation.evaluator import evaluate_image
from hyperthumb.metrics import get_protocol, mean_scores
from tests.support import photograph


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
def test_restores_a_picture_of_odd_size(subsampling):
    image = photograph(67, 129)
    rescaler = BicubicJpeg(4, JpegSettings(subsampling=subsampling))
    data = rescaler.write(rescaler.downscale(image))
    file = Image.open(io.BytesIO(data))
    assert file.size == (33, 17)
    restored = rescaler.upscale(rescaler.read(data), 67, 129)
    assert restored.shape == image.shape
    assert np.abs(restored.astype(int) - image).mean() < 25


@pytest.mark.parametrize("arguments", [{"subsampling": "4:1:0"}, {"quality": 0}])
def test_invalid_settings_are_refused(arguments):
    with pytest.raises(ValueError, match=r"4:1:0|quality 0"):
        JpegSettings(**arguments)


def test_reproduces_the_papers_first_row(tmp_path):
    """25.18 dB at 0.29 bpp on Kodak (paper, table 1)."""
    kodak = Path(os.environ.get("HYPERTHUMB_DATA", "datasets")) / "kodak"
    if not kodak.is_dir():
        pytest.skip(f"needs the Kodak photographs in {kodak} (HYPERTHUMB_DATA)")
    source = DATASETS.get("HRImageDataset")(dataroot_gt=str(kodak))
    pairs = (source.load(index) for index in range(len(source)))
    mean = mean_scores([evaluate_image(BicubicJpeg(4), pair, get_protocol("paper", 4)).scores for pair in pairs])
    assert len(source) == 24
    assert mean.psnr_rgb == pytest.approx(25.2, abs=0.1)
    assert mean.bpp == pytest.approx(0.29, abs=0.01)
