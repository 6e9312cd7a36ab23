from __future__ import annotations

import pytest

from hyperthumb.base.errors import HyperthumbError
from scripts.measure_training import main, split_variants
from tests.support import tiny_training, write_options


def test_words_become_variants():
    assert split_variants(["a:", "x:y=1", "z=2", "b:"]) == [("a", ["x:y=1", "z=2"]), ("b", [])]
    with pytest.raises(HyperthumbError, match='"x=1" does not belong to a variant'):
        split_variants(["x=1", "a:"])


def test_a_line_for_each_variant(tmp_path, capsys):
    options = write_options(tmp_path / "tiny.yml", tiny_training(tmp_path))
    words = [str(options), "--rounds", "1", "--steps", "1"]
    assert (
        main(
            [*words, "--variants", "twice:", "datasets:train:batch_size_per_gpu=4", "muon:", "train:optim_g:type=Muon"]
        )
        == 0
    )
    machine, _, _, _, *lines = capsys.readouterr().out.splitlines()
    assert machine.startswith("CPU, 1 thread")
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert [line[0] for line in cells] == ["as it stands", "twice", "muon"]
    assert cells[0][2] == "1.00"
    assert all(float(line[1]) > 0 for line in cells)
    assert float(cells[1][3]) >= float(cells[0][3]) == float(cells[2][3])


def test_a_setting_that_does_not_exist_is_a_sentence(tmp_path, capsys):
    options = write_options(tmp_path / "tiny.yml", tiny_training(tmp_path))
    assert main([str(options), "--variants", "a:", "train:no_such=1"]) == 1
    assert "no_such" in capsys.readouterr().err


def test_the_data_of_the_options_file_need_not_exist(tmp_path, capsys):
    changes = {"datasets:train:dataroot_gt": str(tmp_path / "none"), "path:pretrain_network_g": "none.pth"}
    options = write_options(tmp_path / "tiny.yml", tiny_training(tmp_path, **changes))
    words = ["--rounds", "1", "--steps", "1", "--force_yml", "datasets:train:batch_size_per_gpu=1"]
    assert main([str(options), *words, "--variants", "four:", "datasets:train:batch_size_per_gpu=4"]) == 0
    *_, first, second = capsys.readouterr().out.splitlines()
    operations = [float(line.split("|")[4]) for line in (first, second)]
    assert operations[1] == pytest.approx(4 * operations[0], abs=0.1)
