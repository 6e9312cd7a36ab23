"""How long a gallery's visitor waits, in Chromium: for the first thumbnail, the restored view and the whole picture.

    hyperthumb gallery PHOTO... -o SITE
    python scripts/measure_gallery.py SITE --originals PHOTO...

Each photograph is opened at 100 % in a window of 1280x800: as soon as a fresh browser shows the first thumbnail (at
once), in another one after the page has loaded its decoder (ready), and once more in the same page (again). Beside
that: the original file in the browser over a line of 10 Mbit/s. Seconds are medians of the repeats, counted from the
click, but those of the first thumbnail from the start of the page. Bytes are those of a first visit, headers included.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.output import entry_point
from hyperthumb.gallery.server import make_server

VIEW = {"width": 1280, "height": 800}
LINE = 10e6 / 8  # bytes a second
PATIENCE = 600_000  # milliseconds
COLUMNS = {"thumbnail": "first thumbnail", "shown": "enlarged", "restored": "restored view", "whole": "whole as PNG"}
# Both wait without code that looks again and again: it would slow down what is measured.
UNTIL_MARK = """(name) => new Promise((done) => {
  const observer = new PerformanceObserver((list) => list.getEntriesByName(name).length && done());
  observer.observe({ type: "mark", buffered: true });
})"""
UNTIL_THERE = """(selector) => new Promise((done) => {
  const look = () => document.querySelector(selector) && done();
  new MutationObserver(look).observe(document.body, { attributes: true, subtree: true });
  look();
})"""
# How long a mark of the page came after it began to open a photograph, in seconds.
SINCE_OPEN = """(name) => {
  const last = (mark) => performance.getEntriesByName(mark).at(-1).startTime;
  return (last(name) - last("open")) / 1000;
}"""


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("site", type=Path, help="what hyperthumb gallery wrote")
    parser.add_argument("--originals", type=Path, nargs="*", default=[], help="files to load over the slow line")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2], help="of WebAssembly (default %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="default %(default)s")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="its program (default: the one in PATH)")
    return parser.parse_args(arguments)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    server = make_server(folder, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


def open_photograph(page: Any, name: str) -> dict[str, float]:
    """Opens a photograph at 100 %; seconds until the view is restored, and until the whole picture is there as PNG."""
    page.evaluate("performance.clearMarks('open'); performance.clearMarks('restored')")
    page.evaluate("(name) => { location.hash = encodeURIComponent(name); }", name)
    page.evaluate(UNTIL_MARK, "open")
    page.evaluate(UNTIL_THERE, "#download[aria-disabled=false]")
    page.keyboard.press("1")
    page.evaluate(UNTIL_THERE, "#viewer[data-state=restored]")
    found = {"shown": page.evaluate(SINCE_OPEN, "shown"), "restored": page.evaluate(SINCE_OPEN, "restored")}
    start = page.evaluate("performance.now()")
    with page.expect_download(timeout=PATIENCE):
        page.keyboard.press("d")
    rest = page.evaluate("performance.getEntriesByName('png').at(-1).startTime") - start
    return {**found, "whole": found["restored"] + rest / 1000}


def visit(browser: Any, url: str, name: str, threads: int) -> dict[str, dict[str, float]]:
    """Visits that open a photograph at once and when the decoder is ready, and the same photograph once more."""
    address = f"{url}?engine=wasm&threads={threads}"
    at_once, _ = open_twice(browser, address, name, "thumbnail")
    ready, again = open_twice(browser, address, name, "ready")
    return {"at once": at_once, "ready": ready, "again": again}


def open_twice(browser: Any, url: str, name: str, mark: str) -> tuple[dict[str, float], dict[str, float]]:
    """A photograph in a fresh browser, opened when the page has set the mark, and once more."""
    context = browser.new_context(viewport=VIEW, reduced_motion="reduce", service_workers="block")
    page = context.new_page()
    finished: list[Any] = []
    page.on("requestfinished", lambda request: finished.append(request))
    page.goto(url)
    page.evaluate(UNTIL_MARK, mark)
    first = {"thumbnail": page.evaluate("performance.getEntriesByName('thumbnail')[0].startTime / 1000")}
    first |= open_photograph(page, name)
    sizes = [request.sizes() for request in finished if request.url.startswith("http")]
    first["bytes"] = sum(each["responseBodySize"] + each["responseHeadersSize"] for each in sizes)
    page.keyboard.press("Escape")
    again = open_photograph(page, name)
    context.close()
    return first, again


def load_original(browser: Any, original: Path) -> float:
    """Seconds until a picture is decoded that comes over the slow line."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(original, folder / f"original{original.suffix}")
        (folder / "index.html").write_text("<!doctype html><title>original</title>")
        with served(folder) as url:
            context = browser.new_context(viewport=VIEW)
            page = context.new_page()
            page.goto(url)
            line = context.new_cdp_session(page)
            line.send("Network.enable")
            line.send(
                "Network.emulateNetworkConditions",
                {"offline": False, "latency": 20, "downloadThroughput": LINE, "uploadThroughput": LINE},
            )
            code = """async (url) => {
                const start = performance.now(), image = new Image();
                image.src = url;
                await image.decode();
                return (performance.now() - start) / 1000;
            }"""
            seconds: float = page.evaluate(code, f"{url}original{original.suffix}")
            context.close()
            return seconds


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the tables; 1 for a user's mistake."""
    from playwright.sync_api import sync_playwright

    given = parse_arguments(arguments)
    try:
        index = json.loads((given.site / "index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HyperthumbError(f"{given.site} is not a gallery ({error}); hyperthumb gallery writes one") from error
    if given.chromium is None:
        raise HyperthumbError("there is no chromium in PATH; name it with --chromium")
    with sync_playwright() as playwright, served(given.site) as url:
        browser = playwright.chromium.launch(executable_path=given.chromium, args=["--no-sandbox"])
        print("| photograph | size | threads | visit | " + " | ".join(COLUMNS) + " | bytes received |")
        print("|---" * (5 + len(COLUMNS)) + "|")
        for entry in index["photographs"]:
            for threads in given.threads:
                visits = [visit(browser, url, entry["name"], threads) for _ in range(given.repeats)]
                for which in visits[0]:
                    print_row(entry, threads, which, [each[which] for each in visits])
        for original in given.originals:
            seconds = median(load_original(browser, original) for _ in range(given.repeats))
            print(f"\n{original.name} over 10 Mbit/s: {original.stat().st_size:,} bytes, {seconds:.2f} s")
        browser.close()
    return 0


def print_row(entry: dict[str, Any], threads: int, which: str, found: list[dict[str, float]]) -> None:
    cells = [f"{median(each[key] for each in found):.2f}" if key in found[0] else "" for key in COLUMNS]
    received = f"{found[0]['bytes']:,.0f}" if "bytes" in found[0] else ""
    size = f"{entry['width']}x{entry['height']}"
    print("| " + " | ".join([entry["name"], size, str(threads), which, *cells, received]) + " |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
