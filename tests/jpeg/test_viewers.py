"""Other programs show what Pillow shows. Those that are not installed say so and are skipped."""

import io
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from hyperthumb.base.limits import PROFILES
from hyperthumb.jpeg.file import decode_rgb, write_jpeg
from tests.jpeg.thumbnails import shaded

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
MAGICK = next(filter(None, map(shutil.which, ("magick", "convert"))), None)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("viewers")
    for profile in PROFILES:
        (folder / f"{profile}.jpg").write_bytes(write_jpeg(shaded(93, 150), profile))
    return folder


def assert_shows_the_same(picture, path):
    expected = decode_rgb(path.read_bytes()).astype(int)
    assert picture.shape == expected.shape
    difference = np.abs(picture.astype(int) - expected)
    assert difference.max() <= 4  # other roundings in the inverse DCT and the color conversion
    assert difference.mean() < 0.5


@pytest.mark.parametrize("profile", PROFILES)
def test_opencv_shows_the_same_picture(files, profile):
    cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed")
    path = files / f"{profile}.jpg"
    assert_shows_the_same(cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)[..., ::-1], path)


@pytest.mark.skipif(shutil.which("djpeg") is None, reason="djpeg is not installed")
@pytest.mark.parametrize("profile", PROFILES)
def test_djpeg_shows_the_same_picture(files, profile):
    path = files / f"{profile}.jpg"
    shown = subprocess.run(["djpeg", "-ppm", str(path)], capture_output=True, check=True)
    assert shown.stderr == b""
    assert_shows_the_same(np.asarray(Image.open(io.BytesIO(shown.stdout))), path)


@pytest.mark.skipif(MAGICK is None, reason="ImageMagick is not installed")
@pytest.mark.parametrize("profile", PROFILES)
def test_imagemagick_shows_the_same_picture(files, profile):
    if b"ImageMagick" not in subprocess.run([MAGICK, "-version"], capture_output=True, check=False).stdout:
        pytest.skip("this convert is not ImageMagick's")
    path = files / f"{profile}.jpg"
    shown = subprocess.run([MAGICK, str(path), "ppm:-"], capture_output=True, check=True)
    assert shown.stderr == b""
    assert_shows_the_same(np.asarray(Image.open(io.BytesIO(shown.stdout))), path)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_chromium_shows_the_same_picture(files):
    rows = "".join(f'<img src="{profile}.jpg" style="display:block">' for profile in PROFILES)
    (files / "page.html").write_text(f'<body style="margin:0">{rows}')
    target = files / "screen.png"
    arguments = [
        "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb",
        f"--user-data-dir={files / 'profile'}", "--window-size=600,500", f"--screenshot={target}",
        (files / "page.html").as_uri(),
    ]  # fmt: skip
    subprocess.run([CHROMIUM, *arguments], capture_output=True, check=True, timeout=120)
    screen = np.asarray(Image.open(target).convert("RGB"))
    for number, profile in enumerate(PROFILES):
        assert_shows_the_same(screen[93 * number : 93 * (number + 1), :150], files / f"{profile}.jpg")
