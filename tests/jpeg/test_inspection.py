import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from hyperthumb.base.errors import ThumbnailError
from hyperthumb.base.limits import PROFILES
from hyperthumb.jpeg.file import write_jpeg
from hyperthumb.jpeg.inspection import describe
from tests.jpeg.thumbnails import pillow_jpeg, shaded


@pytest.mark.parametrize("profile", PROFILES)
def test_files_of_each_profile_are_described(profile):
    written = shaded(120, 160)
    data = write_jpeg(written, profile)
    seen = describe(data)
    assert seen.profile == profile
    assert seen.kind == ("progressive" if profile == "small" else "baseline")
    assert seen.huffman == ("standard" if profile == "default" else "optimized")
    assert seen.restart_interval == 0
    assert (seen.num_bytes, seen.height, seen.width, seen.subsampling) == (len(data), 120, 160, "4:4:4")
    assert (seen.hr_height, seen.hr_width, seen.scale, seen.model_id) == (479, 638, 4, b"\x0a\xbc\xde")
    assert seen.bpp == pytest.approx(8 * len(data) / 479 / 638)
    assert np.array_equal(np.array(seen.tables)[[0, 1]], written.tables)
    assert seen.tables[1] == seen.tables[2]
    assert seen.header_bytes + sum(scan.num_bytes for scan in seen.scans) == len(data)
    assert 0 < seen.header_share < 1


def test_scans_of_a_progressive_file():
    scans = describe(write_jpeg(shaded(120, 160), "small")).scans
    assert len(scans) > 2
    assert (scans[0].first, scans[0].last) == (0, 0)
    assert {plane for scan in scans for plane in scan.planes} == {0, 1, 2}
    assert max(scan.last for scan in scans) == 63


@pytest.mark.parametrize(
    ("options", "subsampling", "kind"),
    [
        ({"subsampling": 2}, "4:2:0", "baseline"),
        ({"subsampling": 1, "progressive": True}, "4:2:2", "progressive"),
        ({"mode": "L"}, "grey", "baseline"),
        ({"mode": "CMYK", "subsampling": 0}, "1x1,1x1,1x1,1x1", "baseline"),
    ],
)
def test_files_of_other_programs_are_described(options, subsampling, kind):
    data = pillow_jpeg(**options)
    seen = describe(data)
    assert (seen.subsampling, seen.kind, seen.scale, seen.bpp) == (subsampling, kind, None, None)
    stored = Image.open(io.BytesIO(data)).quantization
    assert np.array_equal(np.array(seen.tables[0]).ravel(), stored[0])


def test_the_bytes_of_metadata_are_counted():
    with_both = describe(write_jpeg(shaded(), icc=bytes(999), exif=bytes(88)))
    assert (with_both.icc_bytes, with_both.exif_bytes) == (999, 88)
    with_none = describe(write_jpeg(shaded()))
    assert (with_none.icc_bytes, with_none.exif_bytes) == (0, 0)
    assert with_both.header_bytes > with_none.header_bytes + 999 + 88


@pytest.mark.parametrize("data", [b"", b"\x89PNG", pillow_jpeg()[:-2], pillow_jpeg()[:300]])
def test_damaged_files_are_errors(data):
    with pytest.raises(ThumbnailError):
        describe(data)


def test_inspecting_imports_no_heavy_package():
    code = "import sys; import hyperthumb.jpeg.inspection; print({'torch', 'jpeglib', 'PIL'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
