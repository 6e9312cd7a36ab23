"""What the page asks its worker: as little as the view needs."""

from __future__ import annotations

import pytest

from tests.support import photograph

from .sites import build_site, serve
from .test_viewer import LONG, ONE

LISTEN = """(() => {
  const send = Worker.prototype.postMessage;
  window.questions = [];
  Worker.prototype.postMessage = function (message) {
    window.questions.push(message);
    document.body.dataset.asked = message.ask;
    send.apply(this, arguments);
  };
})()"""
UNTIL_A_TILE_IS_ASKED = """() => new Promise((done) => {
  const look = () => window.questions.some(({ ask }) => ask === "tile") && done();
  new MutationObserver(look).observe(document.body, { attributes: true });
  look();
})"""


@pytest.fixture
def large(page, codec, tmp_path):
    """The page of a site with a picture of several tiles and a small one; notes what it asks."""
    pictures = {"large": photograph(height=830, width=900), "small": photograph(height=64, width=64)}
    build_site(tmp_path, {name: codec.compress(pixels, rate_scale=2) for name, pixels in pictures.items()}, {})
    page.add_init_script(LISTEN)
    with serve(tmp_path) as (url, _):
        page.goto(f"{url}{ONE}#large")
        yield page


def test_each_tile_of_a_view_is_asked_for_once_and_at_one_level(large):
    large.wait_for_selector("#viewer[data-state=restored]", timeout=LONG)
    tiles = [each for each in large.evaluate("window.questions") if each["ask"] == "tile"]
    assert len({(tile["x"], tile["y"]) for tile in tiles}) == len(tiles) > 1
    assert len({tile["level"] for tile in tiles}) == 1


def test_a_png_lets_another_picture_be_restored(large):
    large.wait_for_selector("#download[aria-disabled=false]", timeout=LONG)
    large.evaluate("""() => ["d", "PageDown"].forEach(
      (key) => document.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true })))""")
    large.wait_for_selector("#notice:text('“large” was not finished')", timeout=LONG)
    large.wait_for_selector("#viewer[data-state=restored]", timeout=LONG)
    assert large.inner_text("#name") == "small"


def test_nothing_is_called_restored_where_the_thumbnail_is_enough(large):
    large.wait_for_selector("#download[aria-disabled=false]", timeout=LONG)
    large.set_viewport_size({"width": 320, "height": 200})
    large.wait_for_selector("#viewer[data-state=thumbnail]", timeout=LONG)
    assert large.locator("#figures").evaluate("({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth")
    large.keyboard.press("c")
    assert large.inner_text("#divider") == "Zoom in to compare"
    large.keyboard.press("1")
    large.wait_for_selector("#viewer[data-state=restored]", timeout=LONG)
    assert large.inner_text("#divider").split() == ["Bicubic", "Restored"]


def test_questions_about_a_picture_that_was_left_are_ended_first(large):
    large.evaluate(UNTIL_A_TILE_IS_ASKED)
    large.keyboard.press("PageDown")  # the decoder needs longer to start
    large.wait_for_selector("#position:text-matches('^2 of')")
    asked = [each["ask"] for each in large.evaluate("window.questions")]
    ended = asked[: len(asked) - asked[::-1].index("open")]
    assert asked.count("open") == 2
    assert "cancel" in ended
