"""Fixtures of the tests of this folder."""

from __future__ import annotations

import pytest


@pytest.fixture
def working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HYPERTHUMB_DATA", raising=False)
