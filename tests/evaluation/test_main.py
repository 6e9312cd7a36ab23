"""What `run_test.py` prints."""

from __future__ import annotations

from pathlib import Path

from hyperthumb.evaluation.main import main
from tests.support import tiny_training, write_options, write_photographs


def options_file(folder: Path, **changes: object) -> str:
    """A test of bicubic JPEG on a photograph that is too small for SSIM."""
    training = tiny_training(folder)
    write_photographs(folder / "small", 1, 8, 10)
    options = {
        "name": "tiny",
        "scale": 2,
        "device": "cpu",
        "datasets": {"test": {"name": "small", "type": "HRImageDataset", "dataroot_gt": str(folder / "small")}},
        "baselines": [{"type": "BicubicJpeg"}],
        "path": {"results_root": training["path"]["results_root"]},
    }
    return str(write_options(folder / "test.yml", {**options, **changes}))


def test_warnings_are_lines(tmp_path, capsys):
    assert main(["-opt", options_file(tmp_path)]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("warning: photo0: ")
    assert "SSIM needs pictures" in lines[0]


def test_warnings_about_options_are_lines(tmp_path, capsys):
    assert main(["-opt", options_file(tmp_path, num_gpu=1)]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "warning: this setting has no effect:"
    assert "num_gpu" in lines[1]
    assert lines[2].startswith("warning: photo0: ")


def test_mistakes_are_sentences(tmp_path, capsys):
    assert main(["-opt", str(tmp_path / "none.yml")]) == 1
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'none.yml'}")
