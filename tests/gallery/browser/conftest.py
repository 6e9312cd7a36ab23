"""A browser, and a site with thumbnails of every kind, for all tests of the page."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import hyperthumb
from tests.support import photograph

from .sites import build_site, serve

LOCAL = re.compile(r"http://127\.0\.0\.1:|blob:|data:|about:")


class Site(NamedTuple):
    """A served site: its address, what was asked for so far, and what Python restores of each thumbnail."""

    url: str
    requests: list[str]
    thumbnails: dict[str, bytes]
    originals: dict[str, np.ndarray]


def find_chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.skip("no Chromium is installed; .ci/run installs one")


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed; the extra dev has it")
    executable = find_chromium()
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def codec() -> hyperthumb.Codec:
    return hyperthumb.load("lite_4x", engine="onnxruntime")


@pytest.fixture(scope="session")
def site(codec, tmp_path_factory) -> Iterator[Site]:
    """Two small thumbnails, progressive and baseline, one with partial blocks; a damaged file, and a foreign one."""
    folder: Path = tmp_path_factory.mktemp("site")
    wide, odd = photograph(height=160, width=224, seed=1), photograph(height=93, width=131, seed=2)
    thumbnails = {
        "wide": codec.compress(wide, profile="small"),
        "odd": codec.compress(odd, profile="default"),
    }
    thumbnails["damaged"] = damage(thumbnails["wide"])
    build_site(folder, thumbnails, {})
    with serve(folder) as (url, requests):
        yield Site(url, requests, thumbnails, {})


def damage(data: bytes) -> bytes:
    """The file, with its data cut off in the middle of the picture."""
    return data[: len(data) * 2 // 3]


@pytest.fixture
def page(browser, site) -> Iterator[object]:
    """A page of its own, whose errors and refused requests fail the test."""
    context = browser.new_context(viewport={"width": 900, "height": 700}, reduced_motion="reduce")
    page, problems = context.new_page(), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if "Security Policy" in message.text else None)
    page.on("request", lambda request: problems.append(request.url) if not LOCAL.match(request.url) else None)
    yield page
    context.close()
    assert problems == []
