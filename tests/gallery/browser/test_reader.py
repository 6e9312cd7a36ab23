"""The page's reader of coefficients against jpeglib, on files of all profiles and on damaged ones."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from hyperthumb.jpeg import read_jpeg
from hyperthumb.jpeg.tables import ZIGZAG

READ = """async (files) => {
  const { readJpeg, readOrigin } = await import("/assets/jpeg.js");
  const results = [];
  for (const text of files) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const start = performance.now();
    try {
      const file = readJpeg(bytes), origin = readOrigin(file);
      const planes = file.planes.map(({ coefficients }) => Array.from(coefficients));
      results.push({ planes, origin, tables: file.tables.map((table) => Array.from(table)) });
    } catch (error) {
      results.push({ kind: error.kind ?? String(error), time: performance.now() - start });
    }
  }
  return results;
}"""


@pytest.fixture(scope="session")
def files(codec) -> list[bytes]:
    """Thumbnails of all profiles, of many sizes and rates."""
    random = np.random.default_rng(0)
    made = []
    for profile in ("small", "optimized", "default"):
        for height, width, rate in ((1, 1, 1.0), (33, 257, 0.3), (96, 128, 1.0), (131, 70, 4.0)):
            smooth = np.kron(random.integers(0, 256, (9, 17, 3)), np.ones((16, 16, 1)))[:height, :width]
            noisy = np.clip(smooth + random.normal(0, 20, smooth.shape), 0, 255).astype(np.uint8)
            made.append(codec.compress(noisy, profile=profile, rate_scale=rate))
    return made


def read_in_browser(page, site, files: list[bytes]) -> list[dict]:
    page.goto(f"{site.url}assets/build.json")
    return page.evaluate(READ, [base64.b64encode(data).decode() for data in files])


def test_coefficients_and_tables_are_those_of_jpeglib(page, site, files):
    for data, read in zip(files, read_in_browser(page, site, files), strict=True):
        thumbnail = read_jpeg(data)
        order = np.array(ZIGZAG)
        expected = thumbnail.coefficients.reshape(3, -1, 64)[..., order]
        assert np.array_equal(np.array(read["planes"]).reshape(3, -1, 64), expected)
        assert np.array_equal(read["tables"], thumbnail.tables.reshape(2, 64)[:, order])
        assert (read["origin"]["height"], read["origin"]["width"]) == (thumbnail.hr_height, thumbnail.hr_width)
        assert read["origin"]["model"] == thumbnail.model_id.hex()


def test_damaged_files_are_refused_in_little_time(page, site, files):
    random = np.random.default_rng(1)
    damaged = []
    for number in range(300):
        data = bytearray(files[number % len(files)])
        start = data.index(b"\xff\xda")
        if number % 3 == 0:
            data = data[: random.integers(2, len(data) - 1)]
        else:
            for place in random.integers(start if number % 3 == 1 else 2, len(data), 1 + number % 4):
                data[place] ^= 1 << random.integers(0, 8)
        damaged.append(bytes(data))
    for data, read in zip(damaged, read_in_browser(page, site, damaged), strict=True):
        if "planes" in read:  # the damage lies where no decoder looks
            assert np.array_equal(
                np.array(read["planes"]).reshape(3, -1, 64),
                read_jpeg(data).coefficients.reshape(3, -1, 64)[..., np.array(ZIGZAG)],
            )
        else:
            assert read["kind"] in ("foreign", "changed", "damaged")
            assert read["time"] < 2000
