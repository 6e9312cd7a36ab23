from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from scripts.plot_trainings import main, read_training

HEADER = "iteration,dataset,bpp,psnr_rgb,lpips,thumb_psnr\n"


@pytest.fixture
def folder(tmp_path) -> Path:
    rows = "0,gb82,0.2,20,,40\n300,gb82,0.30,27,,33\n600,gb82,0.29,28,,34\n"
    (tmp_path / "metrics.csv").write_text(HEADER + rows)
    return tmp_path


def test_the_first_validation_is_left_out(folder):
    training = read_training(f"mine={folder}@85.5")
    assert (training.name, training.step_ms, training.iterations) == ("mine", 85.5, [300, 600])


@pytest.mark.parametrize(("suffix", "rows"), [("", 1), ("@85", 2)])
def test_times_of_steps_add_a_row_of_plots(folder, tmp_path, suffix, rows):
    assert main([f"a={folder}{suffix}", f"b={folder}{suffix}", "-o", str(tmp_path / "plot.png")]) == 0
    with Image.open(tmp_path / "plot.png") as image:
        width, height = image.size
    assert height / width == pytest.approx(rows * 2.8 / (3 * 3.2), rel=0.01)  # three columns: LPIPS is empty


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("mine", '"mine" is not of the form NAME=FOLDER or NAME=FOLDER@MS'),
        ("mine=here@fast", '"fast" in "mine=here@fast" is not a number of milliseconds'),
        ("mine=nowhere", "nowhere/metrics.csv cannot be read: No such file or directory"),
    ],
)
def test_mistakes_are_sentences(word, message, tmp_path, capsys):
    assert main([word, "-o", str(tmp_path / "plot.png")]) == 1
    assert message in capsys.readouterr().err
