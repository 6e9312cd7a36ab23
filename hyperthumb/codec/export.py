"""Exports a model by its name or path. Importing this module imports PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import numpy as np

from hyperthumb.base.limits import GraphPrecision
from hyperthumb.models.zoo import find_model
from hyperthumb.runtime.export import Exported, Parts, export_model, stem_of

from .models import open_model


def export(
    name_or_path: str | PathLike[str],
    folder: str | PathLike[str],
    part: Parts,
    precision: GraphPrecision,
    photographs: Sequence[np.ndarray],
) -> list[Exported]:
    """Writes a model as ONNX files; see `hyperthumb.export`."""
    path = find_model(name_or_path)
    return export_model(open_model(path), Path(folder), part, precision, photographs, stem_of(path))
