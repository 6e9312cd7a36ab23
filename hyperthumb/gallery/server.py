"""A web server for a gallery on this machine: static files of one folder, for people who look at what they made."""

from __future__ import annotations

import contextlib
import email.utils
import os
import re
from datetime import datetime, timezone
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import unquote, urlsplit

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.version import __version__

HEADERS = {
    # The first two make the page cross-origin isolated, which threads in WebAssembly need.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; "
        "img-src 'self' blob: data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",  # kept, but asked for again: the answer is then 304, without content
}
TYPES = {
    ".css": "text/css; charset=utf-8", ".gz": "application/gzip", ".html": "text/html; charset=utf-8",
    ".ico": "image/vnd.microsoft.icon", ".jpg": "image/jpeg", ".js": "text/javascript; charset=utf-8",
    ".json": "application/json", ".mjs": "text/javascript; charset=utf-8", ".onnx": "application/octet-stream",
    ".png": "image/png", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8", ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json", ".webp": "image/webp",
}  # fmt: skip
_PATIENCE = 60
"""Seconds that a connection may be silent."""


class Part(NamedTuple):
    """Bytes [start, stop) of a file."""

    start: int
    stop: int


def make_server(folder: Path, host: str, port: int) -> ThreadingHTTPServer:
    """A server of a folder's files, listening; `serve_forever` answers.

    Args:
        folder: with an index.html.
        host: the address to listen on.
        port: 0 takes any that is free; `server_port` says which.

    Raises:
        HyperthumbError: when the folder is no site, or the address cannot be had.
    """
    if not (folder / "index.html").is_file():
        raise HyperthumbError(f"{folder} is not a gallery: it has no index.html")
    handler = type("SiteHandler", (_Handler,), {"root": folder.resolve()})
    try:
        return _Server((host, port), handler)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise HyperthumbError(f"cannot listen on {host}:{port} ({reason}); choose another --port or --host") from error


def find_file(root: Path, target: str) -> Path | None:
    """The file that a request names; None where there is none, or it is hidden or lies outside the folder.

    Args:
        root: the folder, resolved.
        target: the request's target, such as "/thumbnails/a%20b.jpg?x".
    """
    try:
        name = unquote(urlsplit(target).path, errors="strict").lstrip("/")
        if name.endswith("/") or not name:
            name += "index.html"
        path = (root / name).resolve()
        inside = path.relative_to(root)
        if any(part.startswith(".") for part in inside.parts) or not path.is_file():
            return None
    except (ValueError, OSError, RuntimeError):  # not in the folder, not UTF-8, NUL, too long, a loop of links
        return None
    return path


def wanted_part(header: str | None, size: int) -> Part | None:
    """The part of a file that a Range header asks for (RFC 9110, 14.2).

    Args:
        header: such as "bytes=0-99", "bytes=100-" or "bytes=-5".
        size: of the file.

    Returns:
        None where the whole file is the answer: for no range, several, or one that makes no sense. An empty part where
        the file has none of the bytes.
    """
    match = re.fullmatch(r"bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", header or "")
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        return Part(max(size - int(match[2]), 0), size)
    start, last = int(match[1]), int(match[2]) if match[2] else size - 1
    if match[2] and last < start:
        return None
    return Part(min(start, size), min(last + 1, size))


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A visitor who closes the page in the middle of a file is not worth a traceback."""


class _Handler(BaseHTTPRequestHandler):
    root: Path
    protocol_version = "HTTP/1.1"
    server_version, sys_version = f"hyperthumb/{__version__}", ""
    timeout = _PATIENCE

    def do_GET(self) -> None:
        self._answer(with_content=True)

    def do_HEAD(self) -> None:
        self._answer(with_content=False)

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Says nothing: the address is all that a user has to read."""

    def _answer(self, with_content: bool) -> None:
        path = find_file(self.root, self.path)
        try:
            file = None if path is None else open(path, "rb")  # noqa: SIM115
        except OSError:
            file = None
        if path is None or file is None:
            self._send(HTTPStatus.NOT_FOUND, {"Content-Type": TYPES[".txt"]}, b"there is no such file\n", with_content)
            return
        with file:
            self._answer_with(file, TYPES.get(path.suffix.lower(), "application/octet-stream"), with_content)

    def _answer_with(self, file: BinaryIO, kind: str, with_content: bool) -> None:
        status = os.fstat(file.fileno())
        tag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
        about = {"ETag": tag, "Last-Modified": email.utils.formatdate(status.st_mtime, usegmt=True)}
        if self._has_it(tag, status.st_mtime):
            self._send(HTTPStatus.NOT_MODIFIED, about, None, False)
            return
        about |= {"Accept-Ranges": "bytes", "Content-Type": kind}
        size, part = status.st_size, None
        if with_content and self.headers.get("If-Range", tag) == tag:
            part = wanted_part(self.headers.get("Range"), size)
        if part is None:
            self._send(HTTPStatus.OK, about, Part(0, size), with_content, file)
        elif part.start >= part.stop:
            about["Content-Range"] = f"bytes */{size}"
            self._send(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, about, b"", with_content)
        else:
            about["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
            self._send(HTTPStatus.PARTIAL_CONTENT, about, part, with_content, file)

    def _has_it(self, tag: str, modified: float) -> bool:
        """Whether the visitor's copy is the file as it is (RFC 9110, 13.1)."""
        known = self.headers.get("If-None-Match")
        if known is not None:
            return "*" in known or tag in known
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            since = email.utils.parsedate_to_datetime(self.headers.get("If-Modified-Since", ""))
            return datetime.fromtimestamp(int(modified), timezone.utc) <= since
        return False

    def _send(
        self,
        status: HTTPStatus,
        headers: dict[str, str],
        content: bytes | Part | None,
        with_content: bool,
        file: BinaryIO | None = None,
    ) -> None:
        """Sends an answer: bytes, or a part of a file, or no content."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if content is not None:
            length = content.stop - content.start if isinstance(content, Part) else len(content)
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if not with_content or content is None:
            return
        if isinstance(content, bytes):
            self.wfile.write(content)
            return
        assert file is not None
        file.seek(content.start)
        left = content.stop - content.start
        while left > 0 and (chunk := file.read(min(left, 2**18))):
            self.wfile.write(chunk)
            left -= len(chunk)
        self.close_connection |= left > 0  # the file has shrunk: the visitor must not wait for the rest
