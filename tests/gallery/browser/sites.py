"""A site as web/ expects it, without the command that makes one, and a server for it that counts what it sends."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from hyperthumb.gallery.index import digest_of
from hyperthumb.jpeg.file import read_header
from hyperthumb.models.zoo import find_model
from hyperthumb.runtime.session import Session

PAGE = Path(__file__).resolve().parents[3] / "hyperthumb" / "gallery" / "page"
ISOLATION = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def build_site(site: Path, thumbnails: dict[str, bytes], originals: dict[str, int], model: str = "lite_4x") -> None:
    """Writes the page, an index, a model, and thumbnails by their names; damaged ones take the size 640x480."""
    shutil.copytree(PAGE, site, dirs_exist_ok=True)
    for folder in ("thumbnails", "models"):
        (site / folder).mkdir(exist_ok=True)
    decoder = find_model(model).with_name(f"{model}.decoder.onnx")
    manifest = Session(decoder).manifest
    shutil.copy(decoder, site / "models" / f"{manifest.model_id}.onnx")
    entries = []
    for name, data in thumbnails.items():
        (site / "thumbnails" / f"{name}.jpg").write_bytes(data)
        try:
            header = read_header(data)
            height, width = header.origins[0].photograph_size(header.frame.height, header.frame.width)
            small = (header.frame.width, header.frame.height)
        except Exception:
            width, height, small = 640, 480, (160, 120)
        entries.append(
            {
                "name": name, "thumbnail": f"thumbnails/{name}.jpg", "bytes": len(data), "width": width,
                "height": height, "thumbnail_width": small[0], "thumbnail_height": small[1],
                "bpp": 8 * len(data) / (width * height), "model": manifest.model_id,
                "original_bytes": originals.get(name, 0),
                "digest": digest_of(site / "thumbnails" / f"{name}.jpg"),
            }
        )  # fmt: skip
    entry = {
        "name": model, "decoder": f"models/{manifest.model_id}.onnx", "scale": manifest.scale,
        "receptive_field": 8 * manifest.reach, "bytes": decoder.stat().st_size, "digest": digest_of(decoder),
    }  # fmt: skip
    index = {"format": 1, "title": "Photographs", "models": {manifest.model_id: entry}, "photographs": entries}
    (site / "index.json").write_text(json.dumps(index))


class _Handler(SimpleHTTPRequestHandler):
    requests: list[str]
    isolated: bool

    def end_headers(self) -> None:
        for name, value in (ISOLATION if self.isolated else {}).items():
            self.send_header(name, value)
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.requests.append(self.path)
        super().do_GET()


@contextmanager
def serve(site: Path, isolated: bool = True) -> Iterator[tuple[str, list[str]]]:
    """Serves a folder; gives its address, and the list of what was asked for."""
    requests: list[str] = []
    handler = type("Handler", (_Handler,), {"requests": requests, "isolated": isolated})
    handler.extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript"}  # type: ignore[attr-defined]
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", requests
    finally:
        server.shutdown()
        server.server_close()


def pixels_of(png: bytes) -> np.ndarray:
    """The pixels of a downloaded picture, (H, W, 3)."""
    import io

    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
