"""The server of a gallery, by requests over a socket."""

from __future__ import annotations

import http.client
import os
import threading
from email.utils import formatdate, parsedate_to_datetime

import pytest

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.gallery.server import Part, find_file, make_server, wanted_part

CONTENT = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A site with what must not leave it, and a secret beside it."""
    root = tmp_path_factory.mktemp("outer")
    site = root / "site"
    (site / "models").mkdir(parents=True)
    (site / "index.html").write_text("<p>page")
    for name in ("models/a.onnx", "b.wasm", "c.mjs", "d.json", "e e.jpg", "f.gz", ".hidden", "g.unknown"):
        (site / name).write_bytes(CONTENT)
    (root / "secret").write_text("secret")
    (site / "link").symlink_to(root / "secret")
    (site / "linked").symlink_to(root)
    return site


@pytest.fixture(scope="module")
def port(folder):
    with make_server(folder, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def ask(port):
    """Sends a request as it is written; gives status, headers and content."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def send(target: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection.request(method, target, headers={name.replace("_", "-"): text for name, text in headers.items()})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()

    yield send
    connection.close()


def test_the_page_and_the_headers_that_threads_in_webassembly_need(ask):
    status, headers, content = ask("/")
    assert (status, content) == (200, b"<p>page")
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval';" in policy
    assert "unsafe-inline" not in policy


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("/index.html", "text/html; charset=utf-8"),
        ("/models/a.onnx", "application/octet-stream"),
        ("/b.wasm", "application/wasm"),
        ("/c.mjs", "text/javascript; charset=utf-8"),
        ("/d.json?v=1", "application/json"),
        ("/e%20e.jpg", "image/jpeg"),
        ("/f.gz", "application/gzip"),
        ("/g.unknown", "application/octet-stream"),
    ],
)
def test_files_and_their_types(ask, name, kind):
    status, headers, content = ask(name)
    assert (status, headers["Content-Type"], int(headers["Content-Length"])) == (200, kind, len(content))
    assert "Content-Encoding" not in headers


@pytest.mark.parametrize(
    "target",
    [
        "/../secret", "/%2e%2e/secret", "/..%2fsecret", "//../secret", "/models/../../secret", "/link",
        "/linked/secret", "/.hidden", "/models", "/models/", "/nothing", "/%00", "/%ff", "/" + "a" * 5000,
        "/index.html/", "/..%5csecret", "http://127.0.0.1/../secret",
    ],
)  # fmt: skip
def test_nothing_outside_the_folder_is_served_and_no_folder_listed(ask, target):
    status, headers, content = ask(target)
    assert status == 404
    assert b"secret" not in content
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_an_absolute_path_is_looked_for_in_the_folder(folder, tmp_path):
    (tmp_path / "x").write_text("secret")
    assert find_file(folder.resolve(), f"/{tmp_path / 'x'}") is None
    assert find_file(folder.resolve(), "/%2Fetc/passwd") is None


def test_ranges(ask):
    status, headers, content = ask("/b.wasm", Range="bytes=100-299")
    assert (status, content) == (206, CONTENT[100:300])
    assert headers["Content-Range"] == f"bytes 100-299/{len(CONTENT)}"
    assert ask("/b.wasm", Range="bytes=-5")[2] == CONTENT[-5:]
    status, headers, content = ask("/b.wasm", Range=f"bytes={len(CONTENT)}-")
    assert (status, content, headers["Content-Range"]) == (416, b"", f"bytes */{len(CONTENT)}")
    tag = ask("/b.wasm")[1]["ETag"]
    assert ask("/b.wasm", Range="bytes=0-0", If_Range=tag)[0] == 206
    assert ask("/b.wasm", Range="bytes=0-0", If_Range='"other"')[::2] == (200, CONTENT)


def test_which_part_a_range_names():
    assert wanted_part("bytes=0-", 10) == Part(0, 10)
    assert wanted_part("bytes=3-100", 10) == Part(3, 10)
    assert wanted_part("bytes=-100", 10) == Part(0, 10)
    for nonsense in (None, "", "bytes=-", "bytes=5-2", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b"):
        assert wanted_part(nonsense, 10) is None
    for beyond in ("bytes=10-", "bytes=10-20", "bytes=-0"):
        part = wanted_part(beyond, 10)
        assert part is not None
        assert part.start == part.stop


def test_head_has_the_headers_alone(ask):
    status, headers, content = ask("/b.wasm", method="HEAD")
    assert (status, content, int(headers["Content-Length"])) == (200, b"", len(CONTENT))
    assert ask("/nothing", method="HEAD")[::2] == (404, b"")


def test_what_a_browser_has_is_not_sent_again(ask, folder):
    _, headers, _ = ask("/d.json")
    status, again, content = ask("/d.json", If_None_Match=headers["ETag"])
    assert (status, content, again["ETag"]) == (304, b"", headers["ETag"])
    assert ask("/d.json", If_Modified_Since=headers["Last-Modified"])[0] == 304
    before = formatdate(parsedate_to_datetime(headers["Last-Modified"]).timestamp() - 5, usegmt=True)
    assert ask("/d.json", If_Modified_Since=before)[0] == 200
    assert ask("/d.json", If_None_Match='"other"', If_Modified_Since=headers["Last-Modified"])[0] == 200
    assert ask("/d.json", If_Modified_Since="yesterday")[0] == 200
    os.utime(folder / "d.json", ns=(0, 10**18))
    assert ask("/d.json", If_None_Match=headers["ETag"])[0] == 200


def test_other_methods_are_refused(ask):
    assert ask("/", method="DELETE")[0] == 501


def test_what_cannot_be_served(tmp_path, folder, port):
    with pytest.raises(HyperthumbError, match="not a gallery: it has no index"):
        make_server(tmp_path, "127.0.0.1", 0)
    with pytest.raises(HyperthumbError, match=f"cannot listen on 127.0.0.1:{port} "):
        make_server(folder, "127.0.0.1", port)
