from __future__ import annotations

import numpy as np
from PIL import Image

from scripts.compare_pictures import main
from tests.support import photograph


def test_sizes_and_psnr(tmp_path, capsys):
    pixels = photograph(40, 60).clip(0, 250)
    names = [tmp_path / name for name in ("photo.png", "photo.thumb.jpg", "photo.restored.png")]
    Image.fromarray(pixels).save(names[0])
    Image.fromarray(pixels[::4, ::4]).save(names[1])
    Image.fromarray(pixels + np.uint8(5)).save(names[2])
    assert main([str(name) for name in names]) == 0
    photo, thumbnail, restored = capsys.readouterr().out.splitlines()
    small = names[1].stat().st_size
    assert photo == f"{names[0]}: 60x40, {names[0].stat().st_size:,} bytes"
    assert f": 15x10, {small:,} bytes, {8 * small / 2400:.3f} bits per pixel" in thumbnail
    assert restored.endswith("34.15 dB PSNR-RGB against the photograph")  # 20 log10(255 / 5)


def test_mistakes_are_sentences(tmp_path, capsys):
    for name, size in (("a.png", 40), ("b.png", 48)):
        Image.fromarray(photograph(size, size)).save(tmp_path / name)
    a, b = str(tmp_path / "a.png"), str(tmp_path / "b.png")
    assert main([a, a, b]) == 1
    assert main([a, a, str(tmp_path / "missing.png")]) == 1
    assert capsys.readouterr().err.count("error: ") == 2
