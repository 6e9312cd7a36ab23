"""The page in Chromium: what it restores, how it is used, and what it does with what cannot be restored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support import photograph

from .sites import build_site, pixels_of, serve

LONG = 60_000  # milliseconds: on a busy machine
ONE = "?threads=1"  # threads wait for each other, which takes long on a busy machine


def restored(page, url: str, name: str, wish: str = ONE) -> np.ndarray:
    """What the page restores of the photograph of this name, through its download."""
    page.goto("about:blank")
    page.goto(f"{url}{wish}#{name}")
    page.wait_for_selector("#download[aria-disabled=false]", timeout=LONG)
    with page.expect_download(timeout=LONG) as download:
        page.click("#download")
    return pixels_of(Path(download.value.path()).read_bytes())


@pytest.mark.parametrize("name", ["wide", "odd"])
def test_restored_pixels_are_those_of_python(page, site, codec, name):
    difference = restored(page, site.url, name).astype(int) - codec.restore(site.thumbnails[name])
    assert np.abs(difference).max() <= 1


def test_several_threads_restore_the_same(page, site, codec):
    difference = restored(page, site.url, "odd", wish="").astype(int) - codec.restore(site.thumbnails["odd"])
    assert np.abs(difference).max() <= 1


def test_tiles_of_a_large_picture_are_those_of_the_whole(page, codec, tmp_path):
    data = codec.compress(photograph(height=830, width=900), rate_scale=2)
    build_site(tmp_path, {"large": data}, {})
    with serve(tmp_path) as (url, _):
        made = restored(page, url, "large")
    assert made.shape == (830, 900, 3)
    assert np.abs(made.astype(int) - codec.restore(data)).max() <= 1


def test_keyboard_alone(page, site):
    page.goto(site.url + ONE)
    page.wait_for_selector("#grid a")
    page.focus("#grid a")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_selector("#viewer[data-state=restored]", timeout=LONG)
    assert "restored in" in page.inner_text("#figures")
    assert "WebAssembly" in page.inner_text("#figures")
    page.keyboard.press("c")
    assert page.is_visible("#divider")
    page.keyboard.press("ArrowLeft")
    assert page.input_value("#compare") == "49"
    page.keyboard.press("c")
    assert page.is_hidden("#divider")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#position") == "2 of 3"
    page.keyboard.press("Escape")
    page.wait_for_selector("#viewer", state="hidden")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#odd"


def test_touch(browser, site):
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(site.url + ONE)
    page.tap("#grid li:first-child a")
    page.wait_for_selector("#viewer[data-state=restored]", timeout=LONG)
    page.tap("#next")
    assert page.inner_text("#position") == "2 of 3"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.tap("#close")
    page.wait_for_selector("#viewer", state="hidden")
    context.close()


def test_a_damaged_file_is_shown_as_it_is_and_said_so(page, site):
    page.goto(f"{site.url}{ONE}#damaged")
    page.wait_for_selector("#notice", timeout=LONG)
    assert "damaged" in page.inner_text("#notice")
    assert page.get_attribute("#download", "aria-disabled") == "true"
    assert page.is_hidden("#compare")
    assert "640" not in page.inner_text("#figures")  # what the index says of it


def test_a_second_visit_comes_from_the_cache_and_works_offline(page, site):
    page.goto(site.url + ONE)
    page.evaluate("navigator.serviceWorker.ready.then(() => new Promise((done) => setTimeout(done, 300)))")
    page.goto(f"{site.url}{ONE}#wide")
    page.reload()
    page.wait_for_selector("#viewer[data-state=restored]", timeout=LONG)
    site.requests.clear()
    page.reload()
    page.wait_for_selector("#viewer[data-state=restored]", timeout=LONG)
    assert not [path for path in site.requests if "/thumbnails/" in path or "/models/" in path or "/assets/" in path]
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("#viewer[data-state=restored]", timeout=LONG)
    assert page.inner_text("#name") == "wide"
