"""Both libraries as test parameters."""

from __future__ import annotations

import importlib.util

import pytest

with_torchjpeg = pytest.mark.skipif(
    importlib.util.find_spec("torchjpeg") is None, reason="torchjpeg is not installed (docs/thumbnails.md says how)"
)
BACKENDS = ["jpeglib", pytest.param("torchjpeg", marks=with_torchjpeg)]
