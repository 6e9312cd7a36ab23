"""Color profiles and EXIF data in thumbnails."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.ExifTags import Base

import hyperthumb
from hyperthumb.base.errors import HyperthumbError, ThumbnailError
from hyperthumb.images.exif import without_orientation
from hyperthumb.images.pictures import Picture
from hyperthumb.jpeg.metadata import metadata_segments
from tests.codec.photographs import PHOTOGRAPH
from tests.images.exifs import LENS, PRIVATE, exif_of, tags_of, with_exif
from tests.images.icc import P3


def test_a_color_profile_reaches_the_restored_photograph(codec):
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = codec.compress(PHOTOGRAPH, icc=icc)
    assert Image.open(io.BytesIO(data)).info["icc_profile"] == icc
    assert np.array_equal(codec.restore(data), codec.restore(codec.compress(PHOTOGRAPH)))


def test_a_picture_carries_its_profile_and_exif_data(codec, data, tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(with_exif(Image.fromarray(np.rot90(PHOTOGRAPH)), "PNG", exif_of(6)))
    written = codec.compress(hyperthumb.read_picture(path, exif="basic"))
    with Image.open(io.BytesIO(written)) as image:
        assert tags_of(image.info["exif"])["exif"][Base.LensModel] == LENS
        assert not any(secret in written for secret in PRIVATE)
    assert np.array_equal(codec.restore(written), codec.restore(data))
    assert codec.compress(hyperthumb.read_picture(path)) == data
    path.write_bytes(written)
    assert hyperthumb.read_picture(path).exif is None
    Image.fromarray(PHOTOGRAPH).save(path, icc_profile=P3)
    assert codec.compress(hyperthumb.read_picture(path)) == codec.compress(PHOTOGRAPH, icc=P3)
    assert codec.compress(hyperthumb.read_picture(path, icc="drop")) == data
    converted = hyperthumb.read_picture(path, icc="srgb")
    assert codec.compress(converted) == codec.compress(converted.pixels) != data
    for wrong in (tmp_path / "missing.png", tmp_path):
        with pytest.raises(HyperthumbError, match="cannot be read"):
            hyperthumb.read_picture(wrong)


def test_metadata_count_in_the_size_of_a_file(codec, data):
    picture = Picture(PHOTOGRAPH, P3, without_orientation(exif_of()))
    added = len(metadata_segments(picture.icc, picture.exif))
    plain, limit = codec.compress_with_rate_scale(PHOTOGRAPH, max_bytes=len(data)), len(data) + added
    assert codec.compress_with_rate_scale(picture, max_bytes=limit).rate_scale <= plain.rate_scale
    assert 0.98 * limit <= len(codec.compress(picture, max_bytes=limit)) <= limit
    assert len(codec.compress(picture, bpp=8 * limit / PHOTOGRAPH[..., 0].size)) <= limit
    assert len(codec.compress(picture)) == limit


def test_an_impossible_size_names_metadata_that_take_most_of_it(codec):
    exif = without_orientation(exif_of())
    profile_size, exif_size = len(metadata_segments(P3, None)), len(metadata_segments(None, exif))
    profile = rf"its color profile takes {profile_size:,} bytes \(use --icc srgb to omit it\)"
    data = rf"its EXIF data take {exif_size:,} bytes \(use --exif none to omit them\)"
    for picture, named in (
        (Picture(PHOTOGRAPH, P3), profile),
        (Picture(PHOTOGRAPH, None, exif), data),
        (Picture(PHOTOGRAPH, P3, exif), f"{profile} and {data}"),
    ):
        for wish in ({"max_bytes": 700}, {"bpp": 0.2}):
            with pytest.raises(ThumbnailError, match=rf"the least possible size is .*; {named}$"):
                codec.compress(picture, **wish)
    with pytest.raises(ThumbnailError, match=r"the least possible size is [\d,]+ bytes$"):
        codec.compress(PHOTOGRAPH, max_bytes=100)
    too_long = Picture(PHOTOGRAPH, None, bytes(70_000))
    with pytest.raises(ThumbnailError, match="EXIF data of 70,000 bytes do not fit"):
        codec.compress(too_long, max_bytes=100)
