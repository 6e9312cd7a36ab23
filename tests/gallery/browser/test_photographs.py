"""The page in Chromium against Python on public test sets: Set5, Kodak and a part of a large photograph."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import hyperthumb

from .sites import build_site, pixels_of, serve

DATA = Path(os.environ.get("HYPERTHUMB_DATA", "no such folder"))
LONG = 120_000  # milliseconds: on a busy machine
PICTURES = [*(f"set5/{name}.png" for name in ("baby", "bird", "butterfly", "head", "woman")), "kodak/kodim23.png"]


@pytest.mark.skipif(not DATA.is_dir(), reason="HYPERTHUMB_DATA does not name the folder of test sets")
def test_restored_pixels_are_those_of_python(page, codec, tmp_path):
    thumbnails = {}
    for number, name in enumerate(PICTURES):
        photograph = hyperthumb.read_picture(DATA / name)
        thumbnails[Path(name).stem] = codec.compress(photograph, profile="default" if number % 2 else "small")
    large = hyperthumb.read_picture(DATA / "highres/jared-evans-119758_6016x3530.jpg")
    thumbnails["part"] = codec.compress(large.pixels[2000:2701, 3000:3901], profile="small")
    build_site(tmp_path, thumbnails, {})
    with serve(tmp_path) as (url, _):
        page.goto(f"{url}?threads=1#{Path(PICTURES[0]).stem}")
        for place, data in enumerate(thumbnails.values(), 1):
            page.wait_for_selector(f"#position:text-matches('^{place} of')", timeout=LONG)
            page.wait_for_selector("#download[aria-disabled=false]", timeout=LONG)
            with page.expect_download(timeout=LONG) as download:
                page.keyboard.press("d")
            made = pixels_of(Path(download.value.path()).read_bytes())
            assert np.abs(made.astype(int) - codec.restore(data)).max() <= 1
            page.wait_for_selector("#download[aria-disabled=false]", timeout=LONG)
            page.keyboard.press("PageDown")
