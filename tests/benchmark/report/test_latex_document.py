"""The LaTeX document around tables and plots."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from hyperthumb.benchmark.report.write import write_report
from tests.benchmark.synthetic import made_up_results

pytestmark = pytest.mark.filterwarnings("ignore:BD-rates need")


@pytest.fixture
def results(tmp_path):
    return made_up_results(tmp_path)


def test_the_latex_document_compiles(tmp_path, results):
    """With any names, and as it is: in the folder of the report."""
    program = shutil.which("pdflatex") or shutil.which("tectonic")
    if program is None:
        pytest.skip("needs pdflatex or tectonic")
    write_report(tmp_path, results)
    command = [program, "report.tex"] if program.endswith("tectonic") else [program, "-halt-on-error", "report.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "report.pdf").stat().st_size > 1000


def test_the_latex_document_shows_the_table_and_every_plot(tmp_path, results):
    files = write_report(tmp_path, results)
    document = (tmp_path / "report.tex").read_text()
    assert tmp_path / "report.tex" in files
    assert document.startswith(r"\documentclass")
    assert r"\input{table}" in document
    for plot in (path.name for path in files if path.suffix == ".pdf"):
        assert rf"{{\detokenize{{{plot}}}}}" in document
