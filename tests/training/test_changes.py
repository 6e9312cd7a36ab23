from __future__ import annotations

import dataclasses

import pytest

from hyperthumb.config import dump_options, load_train_options
from hyperthumb.training.changes import changed_settings
from tests.support import tiny_training, write_options


@pytest.fixture
def options(tmp_path):
    return load_train_options(write_options(tmp_path / "options.yml", tiny_training(tmp_path)))


def test_changed_settings_are_listed_with_new_and_old_value(tmp_path, options):
    resolved = tmp_path / "options.resolved.yml"
    resolved.write_text(dump_options(options))
    assert changed_settings(resolved, options) == []
    losses = dataclasses.replace(options.train.losses, guide=None)
    changed = dataclasses.replace(options, train=dataclasses.replace(options.train, total_iter=9, losses=losses))
    assert changed_settings(resolved, changed) == [
        "train.total_iter 9, before 8",
        "train.losses.guide ~, before not given",
        "train.losses.guide.type not given, before MSELoss",
        "train.losses.guide.weight not given, before 0.6",
    ]


@pytest.mark.parametrize("content", [None, b"a: [", b"\xff"])
def test_a_file_that_cannot_be_read_is_a_warning(tmp_path, options, content):
    resolved = tmp_path / "options.resolved.yml"
    if content is not None:
        resolved.write_bytes(content)
    with pytest.warns(UserWarning, match="so changed settings are not listed"):
        assert changed_settings(resolved, options) == []
