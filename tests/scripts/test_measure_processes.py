from __future__ import annotations

from scripts.measure_processes import main
from tests.support import tiny_training, write_options


def test_one_process_sends_nothing(tmp_path, capsys):
    options = write_options(tmp_path / "tiny.yml", tiny_training(tmp_path))
    assert main([str(options), "--launcher", "none", "--rounds", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("processes 1, ")
    assert lines[0].endswith(" bytes 0")
    assert "CPU time: averaging " in lines[1]


def test_a_launcher_that_did_not_launch_is_a_sentence(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    options = write_options(tmp_path / "tiny.yml", tiny_training(tmp_path))
    assert main([str(options)]) == 1
    assert "RANK" in capsys.readouterr().err
