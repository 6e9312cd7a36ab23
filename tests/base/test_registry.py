"""Registries map names to classes."""

from __future__ import annotations

import sys

import pytest

from hyperthumb.base.errors import HyperthumbError, RegistryError
from hyperthumb.base.registry import Registry


def test_a_class_is_found_under_its_own_name_or_a_given_one():
    registry = Registry("tool")

    @registry.register()
    class Hammer:
        pass

    @registry.register("cross_cut")
    class Saw:
        pass

    assert registry.get("Hammer") is Hammer
    assert registry.get("cross_cut") is Saw
    assert registry.names() == ["Hammer", "cross_cut"]
    assert "Hammer" in registry
    assert "Saw" not in registry


def test_an_unknown_name_says_what_is_known():
    registry = Registry("tool")
    with pytest.raises(RegistryError, match=r'^unknown tool "saw" \(known: none\)$'):
        registry.get("saw")
    registry.register("hammer")(type("Hammer", (), {}))
    registry.register("saw")(type("Saw", (), {}))
    with pytest.raises(RegistryError, match=r'^unknown tool "hamer"; did you mean "hammer"\? \(known: hammer, saw\)$'):
        registry.get("hamer")


def test_a_name_cannot_be_registered_twice():
    registry = Registry("tool")
    cls = type("Saw", (), {})
    registry.register("saw")(cls)
    registry.register("saw")(cls)
    with pytest.raises(RegistryError, match='the tool "saw" is already registered by tests'):
        registry.register("saw")(type("Other", (), {"__module__": "elsewhere"}))


def test_errors_are_hyperthumb_errors():
    assert issubclass(RegistryError, HyperthumbError)
    assert issubclass(HyperthumbError, ValueError)


def test_modules_are_imported_at_the_first_look_up(tmp_path, monkeypatch):
    (tmp_path / "lazily_registered.py").write_text(
        "import tests.base.test_registry as t\n@t.LAZY.register()\nclass Late: pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    registry = Registry("tool", ("lazily_registered",))
    monkeypatch.setattr(sys.modules[__name__], "LAZY", registry, raising=False)
    assert "lazily_registered" not in sys.modules
    assert registry.names() == ["Late"]
    assert "lazily_registered" in sys.modules
