import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from hyperthumb.base.errors import ThumbnailError
from hyperthumb.base.limits import PROFILES
from hyperthumb.jpeg.file import read_jpeg, write_jpeg
from hyperthumb.jpeg.inspection import describe
from tests.jpeg.backends import BACKENDS, with_torchjpeg
from tests.jpeg.thumbnails import pillow_jpeg, same_content, shaded, thumbnail, with_impossible_codes


@contextmanager
def full_disk():
    """No file may grow beyond a few bytes."""
    resource = pytest.importorskip("resource", reason="this system has no limits on files")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@with_torchjpeg
@pytest.mark.parametrize("profile", ["small", "default"])
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
def test_torchjpeg_writes_the_standard_tables_only():
    assert len(write_jpeg(shaded(), "default", "torchjpeg")) == len(write_jpeg(shaded(), "default", "jpeglib"))
    with pytest.raises(ThumbnailError, match="use the profile small or default"):
        write_jpeg(shaded(), "optimized", "torchjpeg")


@pytest.mark.parametrize("backend", BACKENDS)
def test_files_with_restart_markers_of_earlier_versions_are_read(backend):
    data = (Path(__file__).parent / "restart_markers.jpg").read_bytes()
    assert describe(data).restart_interval == 20
    read = read_jpeg(data, backend)
    assert (read.intact, read.height, read.width, read.hr_height, read.hr_width) == (True, 64, 80, 255, 318)


@pytest.mark.parametrize("backend", BACKENDS)
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


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_file_that_the_library_refuses_gives_a_message_and_no_other_output(backend, capfd):
    with pytest.raises(ThumbnailError, match="damaged JPEG file"):
        read_jpeg(with_impossible_codes(write_jpeg(shaded(), "default")), backend)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_missing_temporary_folder_is_named(backend, tmp_path, monkeypatch):
    data = write_jpeg(shaded())
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    for call in (lambda: write_jpeg(shaded(), backend=backend), lambda: read_jpeg(data, backend)):
        with pytest.raises(ThumbnailError, match=r"temporary folder .*missing \(No such file.*set TMPDIR"):
            call()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_full_temporary_folder_is_named(backend, tmp_path, monkeypatch):
    data = write_jpeg(shaded())
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for call in (lambda: write_jpeg(shaded(), backend=backend), lambda: read_jpeg(data, backend)):
        with full_disk(), pytest.raises(ThumbnailError, match="cannot use the temporary folder"):
            call()
    assert os.listdir(tmp_path) == []
