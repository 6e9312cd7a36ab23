"""Whatever stands in an options file, its reader gets complaints, never a traceback."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from hyperthumb.config import OptionsError, OptionsWarning, load_test_options, load_train_options
from hyperthumb.config.complaints import Complaints
from hyperthumb.config.tree import Section
from hyperthumb.config.yaml_text import parse
from tests.config.samples import TEST, TRAIN, write

ORIGINAL = (Path(__file__).parent / "original_4x.yml").read_text(encoding="utf-8")
NONSENSE = ("~", "-1", "word", "[[1], {a: b}]", "{type: [x]}")


def paths(node: object, prefix: str = "") -> Iterator[str]:
    if isinstance(node, Section):
        for key, child in node.items():
            yield f"{prefix}{key}"
            yield from paths(child, f"{prefix}{key}:")


@pytest.mark.parametrize(
    ("text", "load"),
    [(TRAIN, load_train_options), (ORIGINAL, load_train_options), (TEST, load_test_options)],
    ids=["native", "original", "test"],
)
def test_nonsense_anywhere(text, load, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("DIV2K/HR", "DIV2K/LR", "Set5/HR"):
        (tmp_path / "datasets" / name).mkdir(parents=True)
    path = write(Path(), text)
    refused = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OptionsWarning)
        for place in paths(parse(text, "o.yml", Complaints())):
            for value in NONSENSE:
                try:
                    load(path, [f"{place}={value}"])
                except OptionsError:
                    refused += 1
    assert refused > 20
