"""The page in Chromium for those who use keys, a small window, a screen reader or the browser's Back."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from .test_viewer import LONG, ONE

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "gallery.md"
FOCUSED = "document.activeElement.id || document.activeElement.className"
CONTROLS = ".top button, .bottom button"


@pytest.fixture
def opened(page, site):
    """The page with the first of three photographs, opened from the grid by its key."""
    page.goto(site.url + ONE)
    page.focus("#grid a")
    page.keyboard.press("Enter")
    page.wait_for_selector("#viewer[data-state=restored]", timeout=LONG)
    return page


def test_the_focus_stays_on_the_button_that_was_used(opened):
    opened.focus("#next")
    for place in (2, 3, 3):
        opened.keyboard.press("Enter")
        opened.wait_for_selector(f"#position:text-matches('^{place} of')")
        assert opened.evaluate(FOCUSED) == "next"
    assert opened.get_attribute("#next", "aria-disabled") == "true"


def test_page_keys_leave_the_focus_where_it_is(opened):
    for control, key, place in (("compare", "PageDown", 2), ("fit", "PageUp", 1)):
        opened.focus(f"#{control}")
        opened.keyboard.press(key)
        opened.wait_for_selector(f"#position:text-matches('^{place} of')")
        opened.wait_for_selector("#download[aria-disabled=false]", timeout=LONG)
        assert opened.evaluate(FOCUSED) == control


def test_arrows_pan_from_a_button(opened):
    opened.focus("#full")
    opened.keyboard.press("Enter")
    for _ in range(4):
        opened.keyboard.press("+")
    opened.wait_for_timeout(300)
    before = opened.screenshot()
    opened.keyboard.press("ArrowRight")
    opened.wait_for_timeout(300)
    assert opened.screenshot() != before
    assert opened.inner_text("#position") == "1 of 3"


def test_the_keys_are_listed(opened):
    opened.keyboard.press("?")
    assert opened.is_visible("#help")
    listed = opened.evaluate("[...document.querySelectorAll('#help kbd')].map((key) => key.textContent)")
    opened.keyboard.press("PageDown")
    opened.keyboard.press("Escape")
    assert opened.is_hidden("#help")
    assert opened.inner_text("#position") == "1 of 3"
    opened.click(".bar .helper")
    opened.click("#help-close")
    assert "helper" in opened.evaluate(FOCUSED)
    opened.keyboard.press("Escape")
    opened.wait_for_selector("#viewer", state="hidden")
    opened.click(".head .helper")
    assert opened.is_visible("#help")
    section = GUIDE.read_text(encoding="utf-8").partition("## Keys")[2].partition("\n## ")[0]
    assert set(listed) == set(re.findall(r"`([^`]+)`", section))


def test_a_small_window_leaves_half_of_it_to_the_picture(opened):
    opened.set_viewport_size({"width": 320, "height": 200})
    opened.wait_for_timeout(300)
    boxes = opened.evaluate(
        f"[...document.querySelectorAll('{CONTROLS}')].map((each) => each.getBoundingClientRect().toJSON())"
    )
    assert len(boxes) == 9
    assert all(box["left"] >= 0 and box["right"] <= 320 and box["top"] >= 0 and box["bottom"] <= 200 for box in boxes)
    assert opened.evaluate("document.getElementById('stage').clientHeight") >= 100
    state, figures = opened.evaluate(
        "['#figures span', '#figures'].map((each) => document.querySelector(each).getBoundingClientRect().toJSON())"
    )
    assert "restor" in opened.inner_text("#figures span")
    assert state["bottom"] <= figures["bottom"] <= 200
    opened.keyboard.press("?")
    assert opened.evaluate("document.getElementById('help').scrollTop") == 0
    opened.focus("#help-close")
    assert opened.evaluate("document.activeElement.getBoundingClientRect().bottom") <= 200


def test_one_step_back_closes_the_viewer_and_closing_leaves_no_step(opened):
    length = opened.evaluate("history.length")
    opened.keyboard.press("PageDown")
    opened.keyboard.press("PageDown")
    opened.wait_for_selector("#position:text-matches('^3 of')")
    opened.go_back()
    opened.wait_for_selector("#viewer", state="hidden")
    assert "#" not in opened.url
    for _ in range(3):
        opened.focus("#grid a")
        opened.keyboard.press("Enter")
        opened.wait_for_selector("#viewer")
        opened.keyboard.press("Escape")
        opened.wait_for_selector("#viewer", state="hidden")
        opened.wait_for_url(re.compile("^[^#]*$"))
    assert opened.evaluate("history.length") == length
    assert opened.evaluate("document.activeElement.getAttribute('href')") == "#wide"


def test_who_came_by_a_link_closes_into_the_grid(page, site):
    page.goto(f"{site.url}{ONE}#odd")
    page.wait_for_selector("#viewer")
    page.keyboard.press("Escape")
    page.wait_for_selector("#viewer", state="hidden")
    assert "#" not in page.url
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#odd"


def test_the_focus_on_the_picture_is_seen_on_any_picture(opened):
    opened.focus("#stage .openseadragon-canvas")
    box = opened.locator("#stage").bounding_box()
    edge = {"x": box["x"], "y": box["y"] + box["height"] / 4, "width": 6, "height": 1}
    pixels = np.asarray(Image.open(io.BytesIO(opened.screenshot(clip=edge))).convert("L"))[0].tolist()
    assert pixels == [255] * 3 + [0] * 3


def test_a_change_of_the_zoom_is_said_once(opened):
    assert opened.inner_text("#spoken") == ""
    opened.keyboard.press("1")
    opened.wait_for_selector("#spoken:text-is('100 %')", state="attached")
    opened.evaluate("""() => {
      window.said = [];
      const spoken = document.getElementById("spoken");
      new MutationObserver(() => window.said.push(spoken.textContent)).observe(spoken, { childList: true });
    }""")
    opened.keyboard.press("+")
    opened.keyboard.press("+")
    opened.wait_for_selector("#spoken:not(:text-is('100 %'))", state="attached")
    opened.wait_for_timeout(600)
    (said,) = opened.evaluate("window.said")
    assert re.fullmatch(r"\d+ %", said)
