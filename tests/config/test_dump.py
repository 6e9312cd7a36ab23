"""Options as YAML and back."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hyperthumb.config import dump_options, load_test_options, load_train_options
from hyperthumb.config.complaints import Complaints
from hyperthumb.config.tree import plain
from hyperthumb.config.yaml_text import parse, to_yaml
from tests.config.samples import TEST, TRAIN, write

RICH = TRAIN.replace("gt_size: 64", "gt_size: 64\n    name: 'None'\n    cache_limit_gb: 1e-5\n    cache: ram").replace(
    "total_iter: 100",
    "total_iter: 1e6\n  scheduler: {type: MultiStepLR, milestones: [10, 20]}\n"
    "  optim_aux: {lr: 1e-3}\n  freeze: ['1e3']",
)


@pytest.fixture(autouse=True)
def _working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("text", [TRAIN, RICH])
def test_training_options_survive(tmp_path, text):
    options = load_train_options(write(tmp_path, text), ["val:lpips={net: squeeze}", "plugins=[]"])
    again = load_train_options(write(tmp_path, dump_options(options), "again.yml"))
    assert again == options
    assert dump_options(again) == dump_options(options)


def test_validation_sets_survive(tmp_path):
    folder = "type: HRImageDataset, dataroot_gt: data"
    sets = f"  val: {{{folder}}}\n  val_b: {{name: b, {folder}}}\n"
    options = load_train_options(write(tmp_path, TRAIN.replace("network_g:", sets + "network_g:")))
    again = load_train_options(write(tmp_path, dump_options(options), "again.yml"))
    assert again == options
    assert list(again.datasets.val) == ["val", "val_b"]


def test_test_options_survive(tmp_path):
    options = load_test_options(write(tmp_path, TEST))
    assert load_test_options(write(tmp_path, dump_options(options), "again.yml")) == options


def test_a_dump_holds_what_was_inherited_and_expanded(tmp_path, monkeypatch):
    write(tmp_path, TRAIN, "base.yml")
    path = write(tmp_path, "base: base.yml\ndatasets: {train: {dataroot_gt: '${HYPERTHUMB_DATA}/x'}}")
    (tmp_path / "x").mkdir()
    monkeypatch.setenv("HYPERTHUMB_DATA", str(tmp_path))
    text = dump_options(load_train_options(path))
    assert "base:" not in text
    assert f"dataroot_gt: {tmp_path}/x\n" in text
    assert "betas: [0.9, 0.99]" in text


def test_a_dump_loads_without_warnings(tmp_path):
    """Although it holds the defaults of settings that others leave without effect."""
    options = load_train_options(write(tmp_path, TRAIN.replace("lr: 2e-4", "lr: 1e-6")))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_train_options(write(tmp_path, dump_options(options), "again.yml")).train.optim_g.lr == 1e-6


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"))
)
NESTED = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc<~1.e"), inner, max_size=3)
)


@given(NESTED)
@example("\x85")
@example("a\u2028b")
def test_any_argument_is_read_back_as_it_was(value):
    text = to_yaml({"key": value})
    complaints = Complaints()
    assert plain(parse(text, "o.yml", complaints)) == {"key": value}
    assert not complaints.lines()
