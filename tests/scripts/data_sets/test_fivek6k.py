from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from data_sets.catalog import SIX_THOUSAND, SizeRule
from data_sets.digests import pixel_digest
from data_sets.fivek6k import build_fivek6k, to_srgb
from data_sets.manifest import read_manifest
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.data import HRImageDataset
from tests.support import photograph

SIZES = SizeRule(55, 64)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
RED_AND_GREEN_CHANGED = (
    SRGB.replace("sRGB built-in".encode("utf-16-be"), "Like built-in".encode("utf-16-be"))
    .replace(b"rXYZ", b"....")
    .replace(b"gXYZ", b"rXYZ")
    .replace(b"....", b"gXYZ")
)


def save_tiff16(path, pixels):
    tifffile.imwrite(path, pixels.astype(np.uint16) * 257, photometric="rgb", compression="zlib")


@pytest.fixture
def fivek(tmp_path):
    """Five photographs, of which a0002, a0004 (turned) and a0005 have the right size."""
    folder = tmp_path / "tiff16_c"
    (folder / "HQa2501to5000").mkdir(parents=True)
    save_tiff16(folder / "HQa2501to5000/a0002-x.tif", photograph(40, 60, 2))
    save_tiff16(folder / "a0001-x.tif", photograph(40, 54, 1))
    save_tiff16(folder / "a0003-x.tif", photograph(64, 65, 3))
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(photograph(36, 56, 4)).save(folder / "a0004-x.tif", exif=exif)
    save_tiff16(folder / "a0005-x.tif", photograph(64, 50, 5))
    return folder


def build(source, target, **settings):
    return build_fivek6k(source, target, sizes=SIZES, **settings)


def test_the_size_rule_accepts_sides_that_round_to_six_thousand():
    assert [SIX_THOUSAND.allows(*size) for size in ((3744, 5616), (6048, 4032), (3456, 5184), (6500, 4333))] == [
        True, True, False, False,
    ]  # fmt: skip


def test_photographs_of_the_size_are_converted_in_order(fivek, tmp_path):
    built = build(fivek, tmp_path / "fivek6k", jobs=2)
    assert (built.others, built.unreadable) == (2, [])
    source = HRImageDataset(str(tmp_path / "fivek6k"))
    assert source.names == ["a0002-x", "a0004-x", "a0005-x"]
    expected = [photograph(40, 60, 2), np.rot90(photograph(36, 56, 4), -1), photograph(64, 50, 5)]
    for index, pixels in enumerate(expected):
        np.testing.assert_array_equal(source.load(index).hr, pixels)
    entries = read_manifest(tmp_path / "fivek6k")
    assert [entry.source for entry in entries] == ["HQa2501to5000/a0002-x.tif", "a0004-x.tif", "a0005-x.tif"]
    assert [(entry.height, entry.width) for entry in entries] == [(40, 60), (56, 36), (64, 50)]
    assert [entry.sha256 for entry in entries] == [pixel_digest(np.ascontiguousarray(pixels)) for pixels in expected]


def test_a_damaged_file_is_reported_and_a_second_run_resumes(fivek, tmp_path):
    whole = (fivek / "a0005-x.tif").read_bytes()
    (fivek / "a0005-x.tif").write_bytes(whole[:-4000])
    (fivek / "a0006-x.tif").write_bytes(b"no picture")
    built = build(fivek, tmp_path / "out")
    bad = [result for result in built.converted if result.problem] + built.unreadable
    assert len(bad) == 2
    assert "a0006-x.tif: it is not a picture" in built.unreadable[-1]
    assert not (tmp_path / "out").exists()
    (fivek / "a0006-x.tif").unlink()
    (fivek / "a0005-x.tif").write_bytes(whole)
    first = (tmp_path / "out.partial/a0002-x.png").stat().st_mtime_ns
    assert len(build(fivek, tmp_path / "out").converted) == 3
    assert (tmp_path / "out/a0002-x.png").stat().st_mtime_ns == first
    assert len(read_manifest(tmp_path / "out")) == 3


def test_unusable_sources_are_refused(fivek, tmp_path):
    with pytest.raises(HyperthumbError, match="none of its 5 pictures has a long side 5500 to 6499 pixels"):
        build_fivek6k(fivek, tmp_path / "out")
    (fivek / "again").mkdir()
    save_tiff16(fivek / "again/a0001-x.tif", photograph(8, 8))
    with pytest.raises(HyperthumbError, match="are the same photograph"):
        build(fivek, tmp_path / "out")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/a0001-x.dng").touch()
    with pytest.raises(HyperthumbError, match=r"contains 1 raw files \(\.dng\), which are not supported"):
        build(tmp_path / "raw", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["raw", "tiff16_c"]


def test_colors_are_converted_to_srgb(tmp_path):
    pixels = photograph(40, 60)
    assert to_srgb(pixels, None, "x") is pixels
    assert to_srgb(pixels, SRGB, "x") is pixels
    tifffile.imwrite(
        tmp_path / "a.tif", pixels.astype(np.uint16) * 257, photometric="rgb", iccprofile=RED_AND_GREEN_CHANGED
    )
    build(tmp_path, tmp_path.with_name("out"))
    written = HRImageDataset(str(tmp_path.with_name("out"))).load(0).hr
    assert np.abs(written.astype(int) - pixels[..., [1, 0, 2]]).max() <= 1
    with pytest.raises(HyperthumbError, match="x: its color profile cannot be used"):
        to_srgb(pixels, b"no profile", "x")
