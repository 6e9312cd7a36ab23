"""The examples in docstrings hold."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [path for path in sorted((ROOT / "hyperthumb").rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")]


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_what_can_be_used_alone_has_an_example():
    named = {module_of(path) for path in FILES}
    assert {"hyperthumb.jpeg.simulator", "hyperthumb.jpeg.tables", "hyperthumb.jpeg.file"} <= named
    assert {"hyperthumb.archs.rate_model", "hyperthumb.metrics.scores", "hyperthumb"} <= named


@pytest.mark.parametrize("name", [module_of(path) for path in FILES])
def test_the_examples_of_a_module_hold(name: str):
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted
    assert not result.failed
