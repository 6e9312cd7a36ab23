"""Options files that name modules of the user's."""

from __future__ import annotations

import pytest

from hyperthumb.config import (
    Component,
    OptionsError,
    load_network_options,
    load_train_options,
)
from tests.config.samples import TRAIN, complaints_of, line_of, write

pytestmark = pytest.mark.usefixtures("working_directory")


def test_plugins_register_their_classes(tmp_path):
    (tmp_path / "my_losses.py").write_text(
        "from hyperthumb.base.registry import LOSSES\n"
        "@LOSSES.register('HuberOfMine')\n"
        "class Huber:\n    def __init__(self, delta: float = 1.0): pass\n"
    )
    text = TRAIN.replace("{type: L1Loss}", "{type: HuberOfMine, delta: 2}")
    options = load_train_options(write(tmp_path, text + "plugins: [my_losses]\n"))
    assert options.train.losses.reconstruction.loss == Component("HuberOfMine", {"delta": 2.0})


def test_a_broken_plugin_says_why(tmp_path):
    (tmp_path / "broken_plugin.py").write_text("1 / 0\n")
    text = TRAIN + "plugins:\n  - broken_plugin\n"
    place = f"options.yml:{line_of(text, '- broken')}: plugins"
    assert complaints_of(text) == [f'{place}: cannot import "broken_plugin": ZeroDivisionError: division by zero']


def test_a_plugin_lies_beside_the_options_file_that_names_it(tmp_path):
    for name in ("base", "child"):
        folder = tmp_path / f"options of {name}"
        folder.mkdir()
        (folder / f"losses_of_{name}.py").write_text(
            f"from hyperthumb.registry import LOSSES\n@LOSSES.register()\nclass LossOf{name}:\n    pass\n"
        )
    write(tmp_path, TRAIN.replace("L1Loss", "LossOfbase") + "plugins: [losses_of_base]\n", "options of base/o.yml")
    text = "base: ../options of base/o.yml\ntrain: {losses: {guide: {type: LossOfchild, replace: true}}}\n"
    path = write(tmp_path, text + "plugins: {append: [losses_of_child]}\n", "options of child/o.yml")
    losses = load_train_options(path).train.losses
    assert (losses.reconstruction.loss.type, losses.guide.loss.type) == ("LossOfbase", "LossOfchild")


def test_a_training_s_folder_brings_no_plugins(tmp_path):
    """It may come from others, and it is read for its network alone."""
    folder = tmp_path / "experiment"
    folder.mkdir()
    (folder / "brought_along.py").write_text("raise AssertionError('imported')\n")
    write(folder, TRAIN + "plugins: [brought_along]\n")
    with pytest.raises(OptionsError, match="No module named 'brought_along'"):
        load_network_options(folder / "options.yml")


def test_a_plugin_that_is_not_there_is_the_one_complaint():
    text = TRAIN.replace("L1Loss", "LossOfMine").replace("gt_size: 64", "gt_size: 3") + "plugins: [gone_1, gone_2]\n"
    place = f"options.yml:{line_of(text, 'plugins')}: plugins"
    what_to_do = "put it into the working directory or beside the options file, or install it"
    assert complaints_of(text) == [
        f"{place}: cannot import \"{name}\": ModuleNotFoundError: No module named '{name}'; {what_to_do}"
        for name in ("gone_1", "gone_2")
    ]
