import importlib.util

import numpy as np
import pytest

from hyperthumb.errors import ThumbnailError
from hyperthumb.jpeg.file import read_jpeg, write_jpeg
from tests.jpeg.thumbnails import pillow_jpeg, same_content, shaded, thumbnail

PROFILES = ["small", "fast", "optimized", "default"]
with_torchjpeg = pytest.mark.skipif(
    importlib.util.find_spec("torchjpeg") is None, reason="torchjpeg is not installed (docs/thumbnails.md says how)"
)


@with_torchjpeg
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("writer", "reader"), [("jpeglib", "torchjpeg"), ("torchjpeg", "jpeglib"), ("torchjpeg",) * 2])
@pytest.mark.parametrize("size", [(40, 72), (19, 33), (90, 8), (1, 1)])
def test_each_reads_the_others_files(profile, writer, reader, size):
    height, width = size
    written = thumbnail(height, width, hr_height=2 * height - 1, hr_width=2 * width, scale=2, model_id=b"abc")
    read = read_jpeg(write_jpeg(written, profile, writer), reader)
    assert same_content(read, written)
    assert read.intact


@with_torchjpeg
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
def test_both_read_other_programs_files_alike(options):
    data = pillow_jpeg(subsampling=0, **options)
    assert same_content(read_jpeg(data, "torchjpeg"), read_jpeg(data, "jpeglib"))


@with_torchjpeg
@pytest.mark.parametrize("profile", ["fast", "default"])
def test_files_are_of_one_size_whoever_writes_them(profile):
    assert len(write_jpeg(shaded(), profile, "torchjpeg")) == len(write_jpeg(shaded(), profile, "jpeglib"))


@pytest.mark.parametrize("backend", ["jpeglib", pytest.param("torchjpeg", marks=with_torchjpeg)])
@pytest.mark.parametrize("profile", PROFILES)
def test_damaged_data_never_ends_the_process(backend, profile):
    """The library's own errors, past the checks of the headers."""
    data = write_jpeg(shaded(), profile)
    rng = np.random.default_rng(5)
    start = data.index(b"\xff\xda") + 14
    for _ in range(60):
        damaged = bytearray(data)
        for place in rng.integers(start, len(data) - 2, 3):
            damaged[place] = rng.integers(256)
        try:
            read = read_jpeg(bytes(damaged), backend)
        except ThumbnailError:
            continue
        assert read.coefficients.shape == (3, 8, 10, 8, 8)
