"""The public names of `hyperthumb.jpeg` and `hyperthumb.metrics`."""

from __future__ import annotations

import importlib

import pytest

import hyperthumb.jpeg
import hyperthumb.metrics
from hyperthumb.jpeg import _HOMES


def test_every_public_name_has_a_module():
    assert set(hyperthumb.jpeg.__all__) == set(_HOMES) == set(dir(hyperthumb.jpeg))


@pytest.mark.parametrize(
    ("package", "name"),
    [(package, name) for package in ("hyperthumb.jpeg", "hyperthumb.metrics")
     for name in importlib.import_module(package).__all__],
)  # fmt: skip
def test_a_public_name_can_be_imported(package, name):
    assert getattr(importlib.import_module(package), name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"module .hyperthumb\.jpeg. has no attribute 'nothing'"):
        hyperthumb.jpeg.nothing  # noqa: B018
