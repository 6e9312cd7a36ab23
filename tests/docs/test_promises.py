"""The documentation names tests and files that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def functions(path: Path) -> set[str]:
    return {
        node.name for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef)
    }


def test_every_promise_names_a_test_that_exists():
    file = None
    named = re.findall(r"`([\w/]+\.py)?(?:::(\w+))?`", (ROOT / "docs/reliability.md").read_text(encoding="utf-8"))
    named = [(path, name) for path, name in named if (path or name) and not path.startswith("run_")]
    assert len(named) > 60
    for path, name in named:
        if path:
            folder = ROOT if path.startswith("tests/") else ROOT / "tests/reliability"
            file = folder / path
            assert file.is_file(), path
        if name:
            assert file is not None
            assert name in functions(file), f"{file.name}::{name}"


def anchors(page: Path) -> set[str]:
    """What GitHub names the headings of a page."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files_and_headings_that_exist(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            file = page.parent / path if path else page
            assert file.exists(), f"{page.name} links to {target}"
            assert not anchor or anchor in anchors(file), f"{page.name} links to {target}"


def test_the_readme_fits_on_one_screen_after_another():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_the_readme_first_says_what_photographers_and_researchers_install():
    _, first, *_ = (ROOT / "README.md").read_text(encoding="utf-8").split("\n## ")
    photographs, models = first.index("restore photographs"), first.index("train, measure")
    assert photographs < first.index("`pip install .`") < models < first.index("`make setup`")
    assert "pip install -r requirements.txt" in first


def test_the_files_to_open_for_a_change_exist():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    table = text.partition("## To change X, open Y")[2].partition("\n## ")[0]
    rows = [line.rsplit("|", 2)[1] for line in table.splitlines() if line.startswith("| ") and "`" in line]
    named = [path for row in rows for path in re.findall(r"`([\w/]+\.py)`", row)]
    assert len(rows) >= 10
    assert len(named) >= len(rows)
    for path in named:
        assert (ROOT / ("" if path.startswith("scripts/") else "hyperthumb") / path).is_file(), path
