"""scripts/measure_gallery.py refuses what it cannot measure; tests/gallery/browser holds the page itself."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
import measure_gallery


def test_a_folder_that_is_not_a_gallery_is_refused(tmp_path, capsys):
    assert measure_gallery.main([str(tmp_path)]) == 1
    assert "is not a gallery" in capsys.readouterr().err


def test_a_missing_browser_is_refused(tmp_path, capsys, monkeypatch):
    (tmp_path / "index.json").write_text('{"photographs": []}')
    monkeypatch.setattr(measure_gallery.shutil, "which", lambda _: None)
    assert measure_gallery.main([str(tmp_path)]) == 1
    assert "--chromium" in capsys.readouterr().err
