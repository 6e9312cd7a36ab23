"""The page in Chromium where something is missing: it says so in plain words, and shows what there is."""

from __future__ import annotations

import json

import pytest

from tests.support import photograph

from .sites import build_site, serve
from .test_thumbnail import DRAWN
from .test_viewer import LONG, ONE


@pytest.fixture
def folder(codec, tmp_path):
    data = codec.compress(photograph(160, 224))
    build_site(tmp_path, {"first": data, "second": data}, {})
    return tmp_path


def test_a_picture_that_cannot_be_loaded_does_not_show_the_last_one(page, folder):
    (folder / "thumbnails/second.jpg").unlink()
    with serve(folder) as (url, _):
        page.goto(f"{url}{ONE}#first")
        page.wait_for_selector("#viewer[data-state=restored]", timeout=LONG)
        page.keyboard.press("PageDown")
        page.wait_for_selector("#notice")
        assert "cannot be loaded. The server does not have it. Tell the gallery" in page.inner_text("#notice")
        page.wait_for_timeout(300)
        assert page.evaluate(DRAWN) == [0, 0]
        page.keyboard.press("PageUp")
        page.wait_for_selector("#viewer[data-state=restored]", timeout=LONG)
        assert page.is_hidden("#notice")
        page.keyboard.press("Escape")
        assert "second\nThis picture cannot be loaded." in page.inner_text("#grid a.broken")


def test_a_picture_that_takes_long_to_load_does_not_stand_below_another_name(page, folder):
    page.context.route("**/thumbnails/second.jpg*", lambda route: None)  # never answered
    with serve(folder) as (url, _):
        page.goto(f"{url}{ONE}#first", wait_until="commit")
        page.wait_for_selector("#viewer[data-state=restored]", timeout=LONG)
        page.keyboard.press("PageDown")
        page.keyboard.press("d")
        assert "still being opened" in page.inner_text("#notice")
        page.wait_for_timeout(1000)
        assert page.inner_text("#name") == "second"
        assert page.evaluate(DRAWN) == [0, 0]


def test_without_a_decoder_there_is_nothing_to_compare_and_to_download(page, folder):
    page.context.route("**/models/**", lambda route: route.fulfill(status=404))
    with serve(folder) as (url, _):
        page.goto(f"{url}{ONE}#first")
        page.wait_for_selector("#viewer[data-state=as-it-is]", timeout=LONG)
        notice = page.inner_text("#notice")
        assert notice.startswith("The details of this picture cannot be restored now.")
        assert "The server does not have the decoder." in notice
        assert "onnx" not in notice
        assert page.get_attribute("#download", "aria-disabled") == "true"
        assert page.is_hidden("#compare")
        assert "restoring" not in page.inner_text("#figures")
        for key in ("c", "d"):
            page.keyboard.press(key)
            assert "nothing to compare and to download" in page.inner_text("#notice")
        assert page.get_attribute("#download", "title") == page.inner_text("#notice")


def test_entries_that_make_no_sense_are_left_out_and_counted(page, folder):
    index = json.loads((folder / "index.json").read_text())
    index["photographs"] += [None, 7, {"name": "flat"} | {"height": 0}]
    index["models"]["0"] = None
    (folder / "index.json").write_text(json.dumps(index))
    with serve(folder) as (url, _):
        page.goto(url + ONE)
        page.wait_for_selector("#grid a")
        assert page.locator("#grid a").count() == 2
        assert "3 of 5 cannot be shown" in page.inner_text("#message")


def test_without_a_connection_there_is_another_remedy(page, folder):
    page.context.route("**/models/**", lambda route: route.abort())
    with serve(folder) as (url, _):
        page.goto(f"{url}{ONE}#first")
        page.wait_for_selector("#viewer[data-state=as-it-is]", timeout=LONG)
        assert "Check the connection, then reload the page." in page.inner_text("#notice")


def test_an_index_of_a_later_format_is_not_called_damaged(page, folder):
    index = json.loads((folder / "index.json").read_text())
    (folder / "index.json").write_text(json.dumps(index | {"format": 99}))
    with serve(folder) as (url, _):
        page.goto(url + ONE)
        page.wait_for_selector("#message")
        assert "This page is older than the list" in page.inner_text("#message")


@pytest.mark.parametrize("content", ["null", "7", '{"format": 1, "photographs": {}}', "{"])
def test_an_index_that_makes_no_sense(page, folder, content):
    (folder / "index.json").write_text(content)
    with serve(folder) as (url, _):
        page.goto(url + ONE)
        page.wait_for_selector("#message")
        assert "photographs is damaged, so no photographs can be shown" in page.inner_text("#message")


def test_an_address_of_a_photograph_that_is_not_there(page, folder):
    with serve(folder) as (url, _):
        page.goto(f"{url}{ONE}#gone%20home")
        page.wait_for_selector("#grid a")
        assert "asks for the photograph “gone home”, which this gallery does not have." in page.inner_text("#message")
        assert page.is_hidden("#viewer")
        page.click("#grid a")
        page.wait_for_selector("#viewer")
        assert page.is_hidden("#message")
