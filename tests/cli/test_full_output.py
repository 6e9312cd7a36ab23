"""A standard output that takes nothing: an error for what was asked for, and nothing where the work is in files."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.files import save

FULL = Path("/dev/full")
SENTENCE = "error: cannot write to standard output: No space left on device\n"
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="the system has no /dev/full")


@pytest.fixture
def run_full(run, monkeypatch):
    """`run` with a standard output on a full disk."""

    def call(*arguments: str, model: bool = True) -> tuple[int, str, str]:
        with monkeypatch.context() as patch, FULL.open("w") as stream:
            patch.setattr(sys, "stdout", stream)
            return run(*arguments, model=model)

    return call


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "b.png"):
        save(name)


def test_files_are_written_although_standard_output_is_full(photos, run_full):
    assert run_full("compress", "a.png", "b.png") == (0, "", "2 of 2 compressed\n")
    assert run_full("restore", "a.thumb.jpg") == (0, "", "")
    assert all(Path(name).exists() for name in ("a.thumb.jpg", "b.thumb.jpg", "a.restored.png"))


def test_json_that_cannot_be_printed_is_an_error(photos, run_full):
    assert run_full("compress", "a.png", "b.png", "--json") == (1, "", SENTENCE)
    assert run_full("restore", "a.thumb.jpg", "--json") == (1, "", SENTENCE)


def test_an_inspection_that_cannot_be_printed_is_an_error(photos, run, run_full):
    run("compress", "a.png")
    assert run_full("inspect", "a.thumb.jpg", model=False) == (1, "", SENTENCE)
    assert run_full("inspect", "a.thumb.jpg", "-q", model=False) == (0, "", "")


@pytest.mark.parametrize("arguments", [["models"], ["models", "lite_4x"], ["models", "--json"]])
def test_a_list_of_models_that_cannot_be_printed_is_an_error(run_full, arguments):
    assert run_full(*arguments, model=False) == (1, "", SENTENCE)
