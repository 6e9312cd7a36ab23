"""The reference of the Python interface is written from the docstrings, without a warning."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts/write_api.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("api")
    command = [sys.executable, "-W", "error::UserWarning", str(SCRIPT), "--out", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[1])}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "8 pages" in ran.stdout
    return folder


@pytest.mark.parametrize("name", ["hyperthumb.jpeg", "hyperthumb.metrics"])
def test_a_page_shows_every_public_name(folder, name):
    page = folder.joinpath(*name.split(".")).with_suffix(".html").read_text(encoding="utf-8")
    for public in importlib.import_module(name).__all__:
        assert f'id="{public}"' in page


def test_the_index_links_to_every_page(folder):
    targets = re.findall(r'href="([\w./]+)"', (folder / "index.html").read_text(encoding="utf-8"))
    pages = [page for page in folder.rglob("*.html") if page.name != "index.html"]
    assert sorted(folder / target for target in targets) == sorted(pages)


def test_the_types_of_named_tuples_are_shown(folder):
    page = (folder / "hyperthumb/jpeg.html").read_text(encoding="utf-8")
    assert "torch.Tensor" in page[page.index('id="SimulatedJpeg.rgb"') :][:600]
