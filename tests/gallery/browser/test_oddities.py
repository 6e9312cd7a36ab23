"""The page in Chromium with what is unusual: keyboard only, odd names, tiny pictures, many of them, changed files."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.codec.photographs import cropped, with_exif
from tests.support import photograph

from .sites import build_site, serve
from .test_cache import FORGET, UNTIL_KEPT
from .test_viewer import LONG, ONE

FOCUS = """() => {
  const { id, classList } = document.activeElement, style = getComputedStyle(document.activeElement);
  const isMarked = document.activeElement.matches(":focus-visible");
  const ring = getComputedStyle(document.activeElement, "::after").borderTopStyle; // the picture's
  const isSeen = isMarked && (style.outlineStyle !== "none" || ring === "solid" || id === "compare");
  return [id || classList[0] || document.activeElement.tagName, isSeen];
}"""  # the slider's handle shows the focus


def test_all_of_the_viewer_is_reached_by_tab_and_the_focus_is_seen(page, site):
    page.goto(site.url + ONE)
    page.wait_for_selector("#grid a")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS) == ["helper", True]
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS) == ["A", True]
    page.keyboard.press("Enter")
    page.wait_for_selector("#viewer[data-state=restored]", timeout=LONG)
    reached = {}
    for _ in range(14):
        name, is_seen = page.evaluate(FOCUS)
        reached[name] = is_seen
        if name == "compare":
            page.keyboard.press("ArrowRight")
            assert page.is_visible("#divider")
            page.keyboard.press("Home")
            assert page.is_hidden("#divider")
        page.keyboard.press("Tab")
    stops = {"openseadragon-canvas", "compare", "close", "next", "download", "out", "in", "fit", "full"}
    assert stops <= set(reached)
    assert all(reached[name] for name in stops), reached
    page.focus("#download")
    with page.expect_download(timeout=LONG) as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "wide.png"
    page.focus("#close")
    page.keyboard.press("Enter")
    page.wait_for_selector("#viewer", state="hidden")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#wide"


def test_the_decoder_is_ready_before_a_photograph_is_chosen(page, site):
    site.requests.clear()
    page.goto(site.url + ONE)
    page.wait_for_timeout(100)
    for _ in range(LONG // 100):
        if page.evaluate("performance.getEntriesByName('ready').length"):
            break
        page.wait_for_timeout(100)
    assert page.evaluate("performance.getEntriesByName('ready').length") == 1
    assert page.is_hidden("#viewer")
    assert any("/models/" in path for path in site.requests)


def test_odd_names_and_a_picture_of_one_pixel(page, codec, tmp_path):
    name = """a b#c%41?"é'&<b>"""
    build_site(tmp_path, {name: codec.compress(photograph(40, 56)), "one": codec.compress(photograph(1, 1))}, {})
    with serve(tmp_path) as (url, _):
        page.goto(f"{url}{ONE}#{quote(name)}")
        page.wait_for_selector("#viewer[data-state=restored]", timeout=LONG)
        assert page.inner_text("#name") == name
        assert page.title().startswith(name)
        page.keyboard.press("PageDown")
        page.wait_for_selector("#position:text-matches('^2 of')")
        page.wait_for_selector("#download[aria-disabled=false]", timeout=LONG)
        with page.expect_download(timeout=LONG) as download:
            page.keyboard.press("d")
        assert download.value.suggested_filename == "one.png"
        assert page.is_hidden("#notice")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda data: with_exif(data, 6), "changed or damaged after the gallery was made"),
        (lambda data: with_exif(data, 3), "changed or damaged after the gallery was made"),
        (lambda data: with_exif(data, 1), None),
        (lambda data: cropped(data, 4, 5), "changed or damaged after the gallery was made"),
    ],
)
def test_turned_and_cropped_thumbnails_are_shown_as_they_are(page, codec, tmp_path, change, sentence):
    build_site(tmp_path, {"changed": change(codec.compress(photograph(131, 170, seed=1)))}, {})
    with serve(tmp_path) as (url, _):
        page.goto(f"{url}{ONE}#changed")
        state = "restored" if sentence is None else "as-it-is"
        page.wait_for_selector(f"#viewer[data-state={state}]", timeout=LONG)
        assert page.is_hidden("#notice") if sentence is None else sentence in page.inner_text("#notice")


def test_without_an_index_the_page_says_what_is_missing(page, codec, tmp_path):
    build_site(tmp_path, {}, {})
    (tmp_path / "index.json").unlink()
    with serve(tmp_path) as (url, _):
        page.goto(url)
        page.wait_for_selector("#message")
        assert "The server does not have it. Tell the gallery" in page.inner_text("#message")


def test_300_photographs(page, codec, tmp_path):
    data = codec.compress(photograph(40, 56))
    build_site(tmp_path, {f"photograph {number}": data for number in range(1, 301)}, {})
    with serve(tmp_path) as (url, requests):
        page.goto(url + ONE)
        page.wait_for_selector("#grid li:nth-child(300)")
        assert sum("/thumbnails/" in path for path in requests) < 300  # those far below wait until they are near
        page.focus("#grid a")
        page.keyboard.press("End")
        page.keyboard.press("Enter")
        page.wait_for_selector("#viewer[data-state=restored]", timeout=LONG)
        assert page.inner_text("#position") == "300 of 300"
        page.keyboard.press("Escape")
        page.wait_for_selector("#viewer", state="hidden")
        assert page.evaluate("document.activeElement.getAttribute('href')") == "#photograph%20300"
        assert page.evaluate("document.activeElement.getBoundingClientRect().top < innerHeight")


def test_a_photograph_that_was_not_loaded_before_the_line_was_cut(page, codec, tmp_path):
    build_site(tmp_path, {"odd": codec.compress(photograph(93, 131))}, {})
    with serve(tmp_path) as (url, _):
        page.goto(url + ONE)
        page.evaluate(UNTIL_KEPT)  # the decoder is there
    page.evaluate(FORGET)
    page.evaluate("location.hash = 'odd'")
    page.wait_for_selector("#notice, #viewer[data-state=restored]", timeout=LONG)
    if page.is_visible("#notice"):
        assert "cannot be loaded" in page.inner_text("#notice")
    page.keyboard.press("Escape")
    page.wait_for_selector("#viewer", state="hidden")
