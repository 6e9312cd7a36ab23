"""Small options files for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

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
