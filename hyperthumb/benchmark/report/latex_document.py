"""`report.tex`: a document of its own around `table.tex` and the plots, to look at them as a paper shows them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_HEAD = r"""\documentclass[twocolumn]{article}
\usepackage[a4paper,margin=18mm]{geometry}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{booktabs}
\usepackage{graphicx}
\begin{document}
\input{table}
"""


def latex_document(plots: Sequence[Path]) -> str:
    """The document; `pdflatex report.tex` compiles it in the folder of the report. PDFs of plots fill a column."""
    figures = [
        rf"\begin{{figure}}\centering\includegraphics[width=\columnwidth]{{\detokenize{{{path.name}}}}}\end{{figure}}"
        for path in plots
        if path.suffix == ".pdf"
    ]
    return _HEAD + "\n".join([*figures, r"\end{document}"]) + "\n"
