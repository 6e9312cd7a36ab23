import dataclasses
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hyperthumb.errors import ThumbnailError
from hyperthumb.jpeg.file import MAX_AC, JpegThumbnail, decode_rgb, read_jpeg, write_jpeg


def thumbnail(height=19, width=33, seed=0, **changes):
    """Coefficients as real ones are: few are not zero."""
    rng = np.random.default_rng(seed)
    shape = (3, -(-height // 8), -(-width // 8), 8, 8)
    coefficients = np.clip(np.round(rng.standard_t(1.5, shape)), -MAX_AC, MAX_AC).astype(np.int16)
    fields = JpegThumbnail(coefficients, rng.integers(1, 256, (2, 8, 8)), height, width)
    return dataclasses.replace(fields, **changes)


def assert_same(a, b):
    assert np.array_equal(a.coefficients, b.coefficients)
    assert np.array_equal(a.tables, b.tables)
    for field in ("height", "width", "hr_height", "hr_width", "scale"):
        assert getattr(a, field) == getattr(b, field)


@settings(max_examples=60)
@given(
    st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1), st.sampled_from([None, 1, 2, 4, 8]), st.data()
)
def test_round_trip_of_anything_a_baseline_file_can_hold(height, width, seed, scale, data):
    rng = np.random.default_rng(seed)
    written = thumbnail(height, width, seed)
    coefficients = rng.integers(-MAX_AC, MAX_AC + 1, written.coefficients.shape, dtype=np.int16)
    written = dataclasses.replace(written, coefficients=coefficients)
    if scale:
        rows, columns = data.draw(st.integers(0, scale - 1)), data.draw(st.integers(0, scale - 1))
        written = dataclasses.replace(
            written, hr_height=height * scale - rows, hr_width=width * scale - columns, scale=scale
        )
    huffman = data.draw(st.sampled_from(["optimized", "default"]))
    assert_same(read_jpeg(write_jpeg(written, huffman)), written)


def test_a_viewer_sees_the_declared_size_and_an_ordinary_file():
    data = write_jpeg(thumbnail(19, 33, hr_height=75, hr_width=130, scale=4))
    image = Image.open(io.BytesIO(data))
    assert image.size == (33, 19)
    assert image.format == "JPEG"
    assert "progression" not in image.info
    assert image.info["jfif"] == 257
    assert decode_rgb(data).shape == (19, 33, 3)
    assert decode_rgb(data).dtype == np.uint8


def test_tables_are_in_natural_order_for_other_readers():
    written = thumbnail()
    stored = Image.open(io.BytesIO(write_jpeg(written))).quantization
    assert np.array_equal(np.array([stored[0], stored[1]]).reshape(2, 8, 8), written.tables)


def test_optimized_huffman_tables_are_smaller():
    written = thumbnail(64, 80)
    optimized, default = write_jpeg(written, "optimized"), write_jpeg(written, "default")
    assert len(optimized) < len(default)
    assert np.array_equal(decode_rgb(optimized), decode_rgb(default))


def test_reads_what_other_programs_write():
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (21, 13, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80, subsampling=0, progressive=True)
    read = read_jpeg(buffer.getvalue())
    assert (read.height, read.width, read.scale, read.hr_height) == (21, 13, None, None)
    again = Image.open(io.BytesIO(write_jpeg(read)))
    assert np.array_equal(np.asarray(again), np.asarray(Image.open(buffer)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tables": np.zeros((2, 8, 8), np.int64)}, "1..255"),
        ({"tables": np.full((2, 8, 8), 256)}, "1..255"),
        ({"tables": np.full((2, 8, 8), 1.5)}, "integers"),
        ({"tables": np.ones((3, 8, 8), np.int64)}, "two of 8x8"),
        ({"coefficients": np.zeros((3, 4, 5, 8, 8), np.int16)}, "of shape"),
        ({"height": 0}, "1 to 65500"),
        ({"width": 70000}, "1 to 65500"),
        ({"coefficients": np.zeros((3, 3, 5, 8, 8), np.float32)}, "integer coefficients"),
        ({"coefficients": np.full((3, 3, 5, 8, 8), 1024, np.int16)}, "AC coefficient"),
        ({"hr_height": 76}, "together"),
        ({"hr_height": 76, "hr_width": 132, "scale": 3}, "1, 2, 4 or 8"),
        ({"hr_height": 72, "hr_width": 132, "scale": 4}, "has no thumbnail"),
        ({"hr_height": 77, "hr_width": 132, "scale": 4}, "has no thumbnail"),
    ],
)
def test_what_no_file_can_hold_is_refused(changes, message):
    with pytest.raises(ThumbnailError, match=message):
        write_jpeg(thumbnail(**changes))


def test_dc_steps_that_no_file_can_hold_are_refused():
    coefficients = np.zeros((3, 3, 5, 8, 8), np.int16)
    coefficients[1, :, ::2, 0, 0], coefficients[1, :, 1::2, 0, 0] = 1024, -1024
    with pytest.raises(ThumbnailError, match="DC"):
        write_jpeg(thumbnail(coefficients=coefficients))


def test_unknown_huffman_choice():
    with pytest.raises(ThumbnailError, match="optimized"):
        write_jpeg(thumbnail(), "arithmetic")


GOOD = write_jpeg(thumbnail(64, 64, hr_height=253, hr_width=256, scale=4))


@pytest.mark.parametrize("read", [read_jpeg, decode_rgb])
@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"\xff\xd8", b"\xff\xd8\xff\xd9", b"not a picture at all", b"\x89PNG\r\n\x1a\n" + bytes(64)],
    ids=["empty", "one byte", "SOI", "SOI EOI", "text", "PNG"],
)
def test_garbage_is_refused(read, data):
    with pytest.raises(ThumbnailError):
        read(data)


@pytest.mark.parametrize("kept", range(3, len(GOOD) - 2, 97))
def test_truncated_files_are_refused(kept):
    with pytest.raises(ThumbnailError):
        read_jpeg(GOOD[:kept])


def test_a_size_that_the_data_cannot_fill_is_refused_before_it_is_allocated():
    frame = GOOD.index(b"\xff\xc0")
    bomb = GOOD[: frame + 5] + b"\xff\x00\xff\x00" + GOOD[frame + 9 :]
    with pytest.raises(ThumbnailError, match="cannot hold"):
        read_jpeg(bomb)


@pytest.mark.parametrize(
    ("mode", "options"), [("RGB", {"subsampling": 2}), ("L", {}), ("CMYK", {"subsampling": 0})], ids=str
)
def test_other_kinds_of_jpeg_are_refused(mode, options):
    buffer = io.BytesIO()
    Image.new(mode, (32, 32)).save(buffer, "JPEG", **options)
    with pytest.raises(ThumbnailError, match="4:4:4"):
        read_jpeg(buffer.getvalue())


def test_rgb_jpeg_is_refused():
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32)).save(buffer, "JPEG", keep_rgb=True)
    with pytest.raises(ThumbnailError, match="YCbCr"):
        read_jpeg(buffer.getvalue())
