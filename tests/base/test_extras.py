"""The list of packages against the extra in pyproject.toml, and the modules against what is installed."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from hyperthumb.base.extras import TRAIN, missing_package

ROOT = Path(__file__).parents[2]


def test_the_packages_are_those_of_the_extra():
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 has no reader of TOML")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert list(TRAIN) == [re.match(r"[\w-]+", line)[0] for line in project["optional-dependencies"]["train"]]


@pytest.mark.parametrize("module", TRAIN.values())
def test_every_module_has_the_name_that_code_imports(module):
    assert find_spec(module) is not None


@pytest.mark.parametrize(
    ("module", "package"),
    [("torch", "torch"), ("torch.nn", "torch"), ("yaml", "PyYAML"), ("numpy", None), ("torches", None), (None, None)],
)
def test_a_missing_module_is_found_by_its_first_part(module, package):
    assert missing_package(ModuleNotFoundError("not found", name=module)) == package
