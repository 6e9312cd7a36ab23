"""Settings for all tests: one thread, the same examples in every run, and no time limits on a busy machine."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# Threads that wait for each other on a busy machine make small tests a hundred times slower. Children inherit it.
os.environ["OMP_NUM_THREADS"] = "1"
# With it set, a program has nothing left to write at its end, and tests of output that fails there would test nothing.
os.environ.pop("PYTHONUNBUFFERED", None)

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def same_environment_afterwards() -> Iterator[None]:
    """Undoes what a test's subject sets in the environment; later tests start processes, which would inherit it."""
    before = dict(os.environ)
    yield
    if os.environ != before:
        os.environ.clear()
        os.environ.update(before)
