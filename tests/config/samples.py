"""Small options files for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from hyperthumb.config import OptionsError, OptionsWarning, load_train_options

TRAIN = """\
name: sample
scale: 4
datasets:
  train:
    type: HRImageDataset
    dataroot_gt: data
    gt_size: 64
network_g:
  type: HyperThumbnail
  encoder: {type: RDBUNet, num_feat: 8}
  quantization: {type: predicted}
  jpeg: {rounding: noise}
  rate: {type: factorized}
  decoder: {type: FrequencyAwareDecoder, num_feat: 8, num_block: 2}
train:
  total_iter: 100
  optim_g: {lr: 2e-4}
  losses:
    reconstruction: {type: L1Loss}
    guide: {type: MSELoss, weight: 0.6}
    rate: {weight: 0.02}
"""

TEST = """\
name: sample
scale: 4
datasets:
  kodak: {type: HRImageDataset, dataroot_gt: data}
baselines:
  - {type: BicubicJpeg, quality: 96}
"""


def write(folder: Path, text: str, name: str = "options.yml") -> Path:
    """An options file in `folder`, beside an empty folder `data` that it may name."""
    (folder / "data").mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def line_of(text: str, part: str) -> int:
    """The number of the one line that holds `part`."""
    lines = [number for number, line in enumerate(text.splitlines(), 1) if part in line]
    assert len(lines) == 1, f"{part!r} is on lines {lines}"
    return lines[0]


def complaints_of(text: str, *forced: str) -> list[str]:
    with pytest.raises(OptionsError) as caught:
        load_train_options(write(Path(), text), forced)
    return str(caught.value).splitlines()


ORIGINAL = (Path(__file__).parent / "original_4x.yml").read_text(encoding="utf-8")


def load_original(text: str = ORIGINAL):
    with pytest.warns(OptionsWarning) as caught:
        options = load_train_options(write(Path(), text))
    assert len(caught) == 1
    return options, str(caught[0].message)


def as_test(text: str) -> str:
    """The file of a test that goes with the file of a training."""
    return text.split("train:\n  fix_and_grad")[0].replace("  train:\n", "  test_1:\n") + "train:\n  opts: ~\n"
