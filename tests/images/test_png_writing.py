from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from hyperthumb.images import png_writing
from hyperthumb.images.pictures import encode_picture
from hyperthumb.images.png import read_png
from tests.support import photograph


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (65, 257)])
@pytest.mark.parametrize("strip_bytes", [1, 5000, 2**21])
def test_pillow_reads_the_same_pixels(size, strip_bytes, monkeypatch):
    monkeypatch.setattr(png_writing, "_STRIP_BYTES", strip_bytes)
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    for pixels in (noise, photograph(*size), np.zeros((*size, 3), np.uint8), noise[::-1, ::-1]):
        data = encode_picture(pixels, ".png")
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            assert image.mode == "RGB"
            np.testing.assert_array_equal(np.asarray(image), pixels)


def test_profile_and_exif_are_stored_as_pillow_stores_them():
    pixels, exif = photograph(40, 50), Image.Exif()
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif[0x010F] = "camera"
    content = exif.tobytes()[6:]
    expected = io.BytesIO()
    Image.fromarray(pixels).save(expected, "PNG", icc_profile=icc, exif=exif)
    read = [read_png(file, "x")[1:] for file in (io.BytesIO(encode_picture(pixels, ".png", icc, content)), expected)]
    assert read[0] == read[1]
    assert (read[0][1], read[0][2]) == (icc, content)


def test_a_large_picture_is_about_as_small_as_pillow_writes_it():
    pixels, expected = photograph(600, 900), io.BytesIO()
    Image.fromarray(pixels).save(expected, "PNG", compress_level=1)
    assert len(encode_picture(pixels, ".png")) < 1.15 * len(expected.getvalue())
