import numpy as np
import torch
from PIL import Image

from hyperthumb.jpeg.color import rgb_to_ycbcr, ycbcr_to_rgb


def test_conversion_equals_pillows():
    image = np.random.default_rng(0).integers(0, 256, (13, 21, 3), dtype=np.uint8)
    ours = rgb_to_ycbcr(torch.tensor(image).permute(2, 0, 1).double() / 255)
    theirs = torch.tensor(np.array(Image.fromarray(image).convert("YCbCr"))).permute(2, 0, 1)
    assert (ours - theirs).abs().max() <= 1  # Pillow's are truncated integers


def test_the_inverse_returns_the_input():
    rgb = torch.rand(2, 3, 5, 7, dtype=torch.float64)
    assert torch.allclose(ycbcr_to_rgb(rgb_to_ycbcr(rgb)), rgb, atol=2e-6)  # JFIF's constants have six digits


def test_greys_have_neutral_chroma():
    grey = torch.linspace(0, 1, 35, dtype=torch.float64).view(1, 5, 7).expand(3, 5, 7)
    y, cb, cr = rgb_to_ycbcr(grey)
    assert torch.allclose(y, grey[0] * 255)
    assert torch.allclose(cb, torch.full_like(cb, 128))
    assert torch.allclose(cr, torch.full_like(cr, 128))
