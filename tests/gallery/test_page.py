"""The committed page of the gallery against its sources in web/."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WEB, PAGE = ROOT / "web", ROOT / "hyperthumb" / "gallery" / "page"
MOST_BYTES = 6_000_000


def sources() -> dict[str, bytes]:
    """What the build depends on, by path, as web/build.mjs lists it."""
    files = [WEB / name for name in ("build.mjs", "package-lock.json", "tsconfig.json")]
    files += [path for folder in ("src", "static") for path in (WEB / folder).rglob("*") if path.is_file()]
    return {path.relative_to(WEB).as_posix(): path.read_bytes() for path in files}


def test_the_committed_page_was_built_from_these_sources():
    digest = hashlib.sha256()
    for name, content in sorted(sources().items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    built = json.loads((PAGE / "assets/build.json").read_text())["sources"]
    assert built == digest.hexdigest(), "web/ has changed since the page was built; run `make web`"


def test_a_visitor_loads_at_most_six_megabytes():
    files = [path for path in PAGE.rglob("*") if path.is_file() and path.name not in ("LICENSES.txt", "build.json")]
    for other in ("jspi", "wasm"):  # WebAssembly or WebGPU, never both
        loaded = [path for path in files if not re.search(rf"ort\.{other}|threaded\.{other}", path.name)]
        assert len(loaded) < len(files)
        assert sum(len(gzip.compress(path.read_bytes())) for path in loaded) <= MOST_BYTES


def test_the_page_has_no_inline_script_and_loads_nothing_from_other_hosts():
    page = (PAGE / "index.html").read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page).group(1)
    assert "default-src 'none'" in policy
    assert not re.search(r"unsafe-inline|'unsafe-eval'|https?:", policy)
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|https?://", page)


def test_files_of_typescript_are_short():
    for path in (WEB / "src").rglob("*.ts"):
        assert len(path.read_text().splitlines()) <= 300, path
