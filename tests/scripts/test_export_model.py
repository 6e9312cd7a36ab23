from __future__ import annotations

import pytest
import torch

from hyperthumb.models import zoo
from hyperthumb.models.file import load_model
from hyperthumb.models.zoo.checksums import read_sums
from model_card import CARD_KEYS
from scripts.export_model import main
from tests.support import tiny_network, tiny_training, write_options


@pytest.fixture
def checkpoint(tmp_path):
    torch.save({"params": tiny_network().state_dict()}, tmp_path / "net.pth")
    return tmp_path / "net.pth"


def test_a_checkpoint_and_its_options_become_a_model(tmp_path, checkpoint, capsys):
    options_file = write_options(tmp_path / "options.yml", tiny_training(tmp_path))
    target = tmp_path / "mine.safetensors"
    arguments = [checkpoint, target, "--options", options_file, "--card", "data=none, but a=b", "--card", "license=CC0"]
    assert main([str(argument) for argument in arguments]) == 0
    model = load_model(target)
    assert (model.name, model.scale) == ("mine", 4)
    assert model.card == {"data": "none, but a=b", "license": "CC0"}
    said = capsys.readouterr().out
    assert model.model_id.hex() in said
    assert f"{target.stat().st_size:,} bytes" in said


def test_a_model_that_ships_has_a_card_a_checksum_and_its_file_s_name(tmp_path, checkpoint, capsys, monkeypatch):
    folder = tmp_path / "zoo"
    monkeypatch.setattr(zoo, "FOLDER", folder)
    options_file = write_options(tmp_path / "options.yml", tiny_training(tmp_path))
    arguments = [str(checkpoint), str(folder / "mine.safetensors"), "--options", str(options_file)]
    card = [word for key in CARD_KEYS for word in ("--card", f"{key}=0.3")]
    for words, sentence in (
        (card[2:], f"lacks: {CARD_KEYS[0]}"),
        ([*card, "--name", "other"], "must have the name of its file, mine, not other"),
    ):
        assert main([*arguments, *words]) == 1
        assert sentence in capsys.readouterr().err
        assert not folder.exists()
    assert main([*arguments, *card]) == 0
    assert load_model(zoo.find_model("mine")).card == dict.fromkeys(CARD_KEYS, "0.3")
    before = read_sums(folder)
    assert main([*arguments, *card, "--card", "seed=1"]) == 0
    assert read_sums(folder) != before
    assert zoo.find_model("mine").exists()


def test_mistakes_are_sentences(tmp_path, checkpoint, capsys):
    target = tmp_path / "mine.safetensors"
    assert main([str(checkpoint), str(target)]) == 1
    assert "error: " in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([str(checkpoint), str(target), "--card", "nothing"])
    assert '"nothing" is not KEY=VALUE' in capsys.readouterr().err
    assert not target.exists()
