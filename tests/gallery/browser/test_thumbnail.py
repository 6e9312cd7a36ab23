"""What the viewer draws before a photograph is restored, and when it cannot be: the enlarged thumbnail."""

from __future__ import annotations

import pytest

from tests.support import photograph

from .sites import build_site, serve
from .test_viewer import LONG, ONE

# The part of the stage's middle that is not empty, in the left half and in the right one: 0 to 1.
DRAWN = """() => {
  const stage = document.querySelector("#stage canvas"), small = new OffscreenCanvas(16, 16).getContext("2d");
  small.drawImage(stage, 0, 0, 16, 16);
  return [4, 8].map((left) => {
    const { data } = small.getImageData(left, 6, 4, 4);
    return data.filter((value, i) => i % 4 === 3 && value === 255).length / 16;
  });
}"""
UNTIL_DRAWN = """() => new Promise((done) => {
  const observer = new PerformanceObserver((list) => list.getEntriesByName("shown").length && done());
  observer.observe({ type: "mark", buffered: true });
})"""


@pytest.fixture(params=[(830, 900), (160, 224)], ids=["tiles", "one tile"])
def url(request, codec, tmp_path):
    height, width = request.param
    build_site(tmp_path, {"picture": codec.compress(photograph(height=height, width=width), rate_scale=2)}, {})
    with serve(tmp_path) as (url, _):
        yield url


def test_the_thumbnail_is_drawn_while_the_decoder_is_on_its_way(page, url):
    page.context.route("**/models/**", lambda route: None)  # never answered
    page.goto(f"{url}{ONE}#picture")
    page.evaluate(UNTIL_DRAWN)
    page.wait_for_timeout(300)
    assert page.get_attribute("#viewer", "data-state") == "restoring"
    assert page.evaluate(DRAWN) == [1, 1]


def test_the_thumbnail_stays_when_the_decoder_cannot_be_loaded(page, url):
    page.context.route("**/models/**", lambda route: route.abort())
    page.goto(f"{url}{ONE}#picture")
    page.wait_for_selector("#notice", timeout=LONG)
    page.wait_for_timeout(300)
    assert page.evaluate(DRAWN) == [1, 1]


def test_both_halves_of_a_comparison_are_drawn(page, url):
    page.goto(f"{url}{ONE}#picture")
    page.wait_for_selector("#viewer[data-state=restored]", timeout=LONG)
    page.keyboard.press("c")
    page.wait_for_timeout(300)
    assert page.evaluate(DRAWN) == [1, 1]


def test_a_file_that_is_not_a_thumbnail_is_drawn_as_it_is(page, codec, tmp_path):
    from PIL import Image

    build_site(tmp_path, {"picture": codec.compress(photograph(height=160, width=224))}, {})
    Image.fromarray(photograph(height=40, width=56)).save(tmp_path / "thumbnails" / "picture.jpg")
    with serve(tmp_path) as (url, _):
        page.goto(f"{url}{ONE}#picture")
        page.wait_for_selector("#viewer[data-state=as-it-is]", timeout=LONG)
        page.wait_for_timeout(300)
        assert page.evaluate(DRAWN) == [1, 1]
