"""What the browser keeps of a gallery: what its owner has replaced or mended is loaded again."""

from __future__ import annotations

import pytest

from tests.support import photograph

from .sites import build_site, serve
from .test_thumbnail import DRAWN
from .test_viewer import LONG, ONE

UNTIL_KEPT = """() => new Promise((done) => {
  const observer = new PerformanceObserver((list) => list.getEntriesByName("kept").length && done());
  observer.observe({ type: "mark", buffered: true });
})"""


CONTROLLED = """new Promise((done) => {
  const check = () => navigator.serviceWorker.controller && done();
  navigator.serviceWorker.addEventListener("controllerchange", check);
  check();
})"""

FORGET = "caches.keys().then((names) => Promise.all(names.map((name) => caches.delete(name))))"

LOADED = """(image) => image.complete || new Promise((done) => image.addEventListener("load", done, { once: true }))"""


def drawn_size(page) -> tuple[int, int]:
    """The size of the first thumbnail on the page.

    It waits for an event, because `page.wait_for_function` asks again by `eval`, which the page's policy forbids.
    """
    page.locator("#grid img").first.evaluate(LOADED)
    sides = "({ naturalWidth, naturalHeight }) => [naturalWidth, naturalHeight]"
    return tuple(page.locator("#grid img").first.evaluate(sides))


def test_what_a_first_visit_loaded_works_offline(page, site):
    page.goto(site.url + ONE)
    page.evaluate(UNTIL_KEPT)
    page.context.set_offline(True)
    page.reload()
    page.focus("#grid a")
    page.keyboard.press("Enter")
    page.wait_for_selector("#viewer[data-state=restored]", timeout=LONG)


def test_a_thumbnail_on_the_page_is_enlarged_when_its_file_cannot_be_loaded_again(page, codec, tmp_path):
    """The server ends, because the browser's offline mode does not reach the service worker at once."""
    build_site(tmp_path, {"wide": codec.compress(photograph(160, 224))}, {})
    page.context.route("**/models/**", lambda route: None)  # never answered: nothing is kept for offline
    with serve(tmp_path) as (url, _):
        page.goto(url + ONE)
        drawn_size(page)
        page.evaluate(CONTROLLED)
    page.evaluate(FORGET)  # on a busy machine, the service worker was there before the thumbnail, and kept it
    page.evaluate("location.hash = 'wide'")
    page.wait_for_selector("#notice", timeout=LONG)
    page.wait_for_timeout(300)
    assert "You see the small picture that the browser has kept. Check the connection" in page.inner_text("#notice")
    assert page.evaluate(DRAWN) == [1, 1]


def test_a_replaced_photograph_of_as_many_bytes_is_loaded_again(page, codec, tmp_path):
    first, second = (codec.compress(photograph(*size)) for size in ((160, 224), (224, 160)))
    length = max(len(first), len(second))
    with serve(tmp_path) as (url, _):
        for data, size in ((first, (56, 40)), (second, (40, 56))):
            build_site(tmp_path, {"one": data.ljust(length, b"\0")}, {})
            for _ in range(2):  # the second visit is the service worker's
                page.goto("about:blank")
                page.goto(url + ONE)
                page.evaluate("navigator.serviceWorker.ready.then(() => new Promise((done) => setTimeout(done, 500)))")
                assert drawn_size(page) == size


@pytest.mark.parametrize("broken", ["thumbnails/one.jpg", "models"])
def test_a_damaged_file_that_was_mended_is_loaded_again(page, codec, tmp_path, broken):
    build_site(tmp_path, {"one": codec.compress(photograph(160, 224))}, {})
    path = tmp_path / broken
    path = next(path.glob("*.onnx")) if path.is_dir() else path
    whole = path.read_bytes()
    path.write_bytes(whole[:-400] + bytes(400) if path.suffix == ".jpg" else bytes(len(whole)))
    with serve(tmp_path) as (url, _):
        page.goto(url + ONE)
        page.evaluate("navigator.serviceWorker.ready.then(() => new Promise((done) => setTimeout(done, 500)))")
        page.goto("about:blank")
        page.goto(f"{url}{ONE}#one")
        page.wait_for_selector("#viewer[data-state=as-it-is]", timeout=LONG)
        assert "damaged" in page.inner_text("#notice")
        path.write_bytes(whole)
        page.reload()
        page.wait_for_selector("#viewer[data-state=restored]", timeout=LONG)
