"""The entry point: packages that are not installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hyperthumb.cli import models
from hyperthumb.cli.main import main

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("module", "package"), [("torch.nn", "torch"), ("yaml", "PyYAML")])
def test_a_package_of_the_extra_that_is_not_installed_is_a_sentence(monkeypatch, capsys, module, package):
    monkeypatch.setattr(models, "run", lambda arguments: absent(module))
    assert main(["models"]) == 2
    assert capsys.readouterr().err == (
        f"error: `hyperthumb models` needs {package}, which is not installed; install it with "
        "`pip install hyperthumb[train]`\n"
    )


def test_any_other_module_that_is_not_found_is_a_bug(monkeypatch):
    monkeypatch.setattr(models, "run", lambda arguments: absent("hyperthumb.nowhere"))
    with pytest.raises(ModuleNotFoundError, match=r"hyperthumb\.nowhere"):
        main(["models"])


@pytest.mark.parametrize(
    ("arguments", "modules", "package"),
    [
        (["export", "lite_4x"], ["torch"], "torch"),
        (["benchmark", "-opt", "no.yml"], ["torch", "yaml"], "PyYAML"),
        (["report", "results/zoo"], ["pydantic"], "pydantic"),
    ],
)
def test_commands_of_researchers_say_what_they_need(arguments, modules, package):
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({modules!r}))\n"  # an import of them raises
        "from hyperthumb.cli.main import main\n"
        f"sys.exit(main({arguments!r}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=ROOT, env=environment
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: `hyperthumb {arguments[0]}` needs {package}, which is not installed; ")


def absent(module: str) -> int:
    raise ModuleNotFoundError(f"No module named {module!r}", name=module)
