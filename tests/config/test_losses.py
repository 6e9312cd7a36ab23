"""Named loss terms in options files: read, refused with a sentence, written out, inherited."""

from __future__ import annotations

import pytest

from hyperthumb.config import Component, NamedLoss, OptionsError, dump_options, load_train_options
from tests.support import tiny_training, write_options


def load(tmp_path, **losses):
    options = tiny_training(tmp_path, **{f"train:losses:{name}": value for name, value in losses.items()})
    return load_train_options(write_options(tmp_path / "o.yml", options))


def test_a_named_term_is_read_and_written_out(tmp_path):
    options = load(tmp_path, edges={"type": "FourierLoss", "on": "restored", "weight": 0.1})
    assert options.train.losses.terms == {"edges": NamedLoss(Component("FourierLoss"), "restored", 0.1)}
    (tmp_path / "again.yml").write_text(dump_options(options))
    assert load_train_options(tmp_path / "again.yml") == options


def test_null_takes_a_term_away(tmp_path):
    load(tmp_path, edges={"type": "FourierLoss", "on": "restored"})
    (tmp_path / "child.yml").write_text("base: o.yml\ntrain: {losses: {edges: ~}}\n")
    assert load_train_options(tmp_path / "child.yml").train.losses.terms == {}


@pytest.mark.parametrize(
    ("name", "term", "message"),
    [
        ("edges", {"type": "FourierLoss", "on": "sky"}, r"losses\.edges\.on: .*restored.*sky"),
        ("edges", {"type": "FourierLoss"}, r'losses\.edges: the key "on" is missing'),
        ("edges", {"type": "Fourier", "on": "restored"}, r'unknown loss "Fourier".*FourierLoss'),
        ("edges", {"type": "FourierLoss", "on": "restored", "weight": -1}, r"losses\.edges\.weight: .*-1"),
        ("total", {"type": "FourierLoss", "on": "restored"}, r'losses\.total: the log shows another number as "total"'),
        ("giude", {"type": "MSELoss"}, 'unknown key "giude".*did you mean "guide"'),
        ("edges", 3, 'unknown key "edges"'),
    ],
)
def test_a_mistake_in_a_term_is_said(tmp_path, name, term, message):
    with pytest.raises(OptionsError, match=message):
        load(tmp_path, **{name: term})


def test_a_doubled_name_is_said(tmp_path):
    load(tmp_path, edges={"type": "FourierLoss", "on": "restored"})
    text = (tmp_path / "o.yml").read_text().replace("    edges:", "    edges: {type: L1Loss, on: tables}\n    edges:")
    (tmp_path / "o.yml").write_text(text)
    with pytest.raises(OptionsError, match=r"edges.*twice|edges.*already|edges.*again"):
        load_train_options(tmp_path / "o.yml")
