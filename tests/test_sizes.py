"""How long files, functions and lines may be, and how many parameters functions may have (CONTRIBUTING.md)."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = sorted(path for folder in ("hyperthumb", "scripts", "tests") for path in (ROOT / folder).rglob("*.py"))
LINES_OF_A_FILE, LINES_OF_A_FUNCTION, PARAMETERS, CHARACTERS = 300, 60, 8, 120


def markdown() -> list[Path]:
    """What people have written; what programs write into results/ and the options reference follow the data."""
    written = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    generated = {"docs/options.md"}
    return [ROOT / name for name in written.split() if not name.startswith("results/") and name not in generated]


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [node for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    arguments = function.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def long_lines(text: str) -> list[int]:
    """Lines of prose with more than CHARACTERS, but for tables and for a link or a word that nobody can break."""
    found, in_code = [], False
    for number, line in enumerate(text.splitlines(), 1):
        in_code ^= line.lstrip().startswith("```")
        prose = re.sub(r"\]\([^)]*\)", "]", line)
        exempt = in_code or line.startswith(("|", "    ")) or " " not in prose.strip()
        if len(prose) > CHARACTERS and not exempt:
            found.append(number)
    return found


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_python(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES_OF_A_FILE
    for function in functions(path):
        assert function.end_lineno - function.lineno < LINES_OF_A_FUNCTION, function.name
        assert len(parameters(function)) <= PARAMETERS, function.name


@pytest.mark.parametrize("path", markdown(), ids=lambda path: str(path.relative_to(ROOT)))
def test_markdown(path):
    assert long_lines(path.read_text(encoding="utf-8")) == []


def test_what_is_too_long_is_found():
    assert long_lines("a " * 61 + "\n" + "| a " * 40 + "\n```\n" + "b " * 70 + "\n```\n[a](" + "c" * 200 + ")\n") == [1]
    (function,) = ast.parse("def f(self, a, *, b): ...").body
    assert parameters(function) == ["a", "b"]
