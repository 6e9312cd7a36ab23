"""hyperthumb export, from its arguments to its messages."""

from __future__ import annotations

from hyperthumb.cli.main import main
from tests.support import save_tiny_model


def test_export_writes_a_part_and_prints_what_it_checked(tmp_path, capsys):
    model = save_tiny_model(tmp_path / "tiny.safetensors")
    assert main(["export", str(model), "-o", str(tmp_path / "out"), "--part", "decoder"]) == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["tiny.decoder.onnx"]
    assert "differs from the network by at most" in capsys.readouterr().out


def test_wrong_arguments_give_a_message(tmp_path, capsys):
    model = save_tiny_model(tmp_path / "tiny.safetensors")
    assert main(["export", str(model), "-o", str(tmp_path), "--precision", "int8"]) == 2
    assert "int8 needs photographs" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["export", str(model), "--precision", "int8", "--calibrate", str(tmp_path / "empty")]) == 2
    assert "there are no photographs in this folder" in capsys.readouterr().err
    assert main(["export", "no_such_model"]) == 2
    assert "no_such_model" in capsys.readouterr().err
