"""hyperthumb export, from its arguments to its messages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Run
from tests.support import photograph, write_photographs


@pytest.fixture
def export(run: Run, tiny_model: Path, tmp_path: Path):
    """Exports the tiny model in an empty folder; gives exit code, stdout and stderr."""

    def call(*arguments: str, model: str = str(tiny_model)) -> tuple[int, str, str]:
        return run("export", model, *arguments, model=False)

    return call


def test_export_writes_a_part_and_prints_what_it_checked(export, tmp_path):
    code, out, err = export("-o", "out", "--part", "decoder")
    assert (code, err) == (0, "")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["tiny.decoder.onnx"]
    assert "sees 1 block around each block; differs from the network by at most" in out
    assert out.count("\n") == 1


def test_files_are_named_after_the_model_file_because_engines_look_for_that(export, tiny_model, tmp_path):
    shutil.copyfile(tiny_model, tmp_path / "renamed.safetensors")
    assert export("--part", "decoder", model="renamed.safetensors")[0] == 0
    assert (tmp_path / "renamed.decoder.onnx").is_file()


def test_nothing_of_other_packages_is_printed(export, tmp_path):
    write_photographs(tmp_path / "photos", 2, 96, 128)
    code, out, err = export("--precision", "int8", "--calibrate", "photos")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "tiny.encoder.int8.onnx", "tiny.tables.onnx", "tiny.decoder.int8.onnx",
    ]  # fmt: skip
    assert [line.endswith(" dB at equal bytes") for line in lines] == [True, False, False]
    assert [line.endswith(" dB") for line in lines] == [False, False, True]


def test_wrong_arguments_give_a_message(export, tmp_path):
    assert export("--precision", "int8") == (
        2, "", "error: int8 needs photographs to measure the loss of quality; give a folder of them\n",
    )  # fmt: skip
    code, _, err = export(model="no_such_model")
    assert code == 2
    assert "no_such_model" in err
    (tmp_path / "file").touch()
    assert export("-o", "file") == (2, "", "error: cannot write file: file is not a folder\n")
    assert export("-o", "file/out") == (2, "", "error: cannot write file/out: file is not a folder\n")


def test_photographs_that_cannot_calibrate_are_named_and_nothing_is_written(export, tmp_path):
    (tmp_path / "empty").mkdir()
    write_photographs(tmp_path / "photos", 2, 96, 128)
    Image.fromarray(photograph(20, 200)).save(tmp_path / "photos/small.png")
    Image.fromarray(photograph(20, 20)).save(tmp_path / "empty/photo.restored.png")
    for folder, message in (
        ("empty", "empty: there are no photographs in this folder, only 1 other picture"),
        ("nowhere", "nowhere: cannot be read (No such file or directory)"),
        (
            "photos",
            "photos/small.png: it has 200x20 pixels, but photographs for calibration need at least 32x32",
        ),
    ):
        found = export("--precision", "int8", "--calibrate", folder, "-o", "out")
        assert found == (2, "", f"error: {message}\n")
    assert not (tmp_path / "out").exists()


def test_photographs_without_effect_are_warned_of(export):
    code, _, err = export("--part", "decoder", "--calibrate", "photos")
    assert (code, err) == (0, "warning: --calibrate is ignored without --precision fp16 or int8\n")
