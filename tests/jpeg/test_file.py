import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hyperthumb.base.errors import ForeignJpegError, ThumbnailError
from hyperthumb.base.limits import PROFILES
from hyperthumb.jpeg.file import MAX_AC, decode_rgb, read_jpeg, write_jpeg
from hyperthumb.jpeg.icc import find_icc
from hyperthumb.jpeg.inspection import describe
from hyperthumb.jpeg.metadata import find_exif, metadata_segments
from hyperthumb.jpeg.segments import segments
from tests.jpeg.thumbnails import pillow_jpeg, same_content, shaded, thumbnail

UNKNOWN = {"hr_height": None, "hr_width": None, "scale": None, "model_id": None}


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
            written, hr_height=height * scale - rows, hr_width=width * scale - columns, scale=scale, model_id=b"\1\2\3"
        )
    profile = data.draw(st.sampled_from(PROFILES))
    read = read_jpeg(write_jpeg(written, profile))
    assert same_content(read, written)
    assert read.intact is (True if scale else None)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_viewer_sees_the_declared_size_and_an_ordinary_file(profile):
    data = write_jpeg(thumbnail(19, 33, hr_height=75, hr_width=130, scale=4), profile)
    image = Image.open(io.BytesIO(data))
    assert image.size == (33, 19)
    assert image.format == "JPEG"
    assert image.info["jfif"] == 257
    assert decode_rgb(data).shape == (19, 33, 3)
    assert decode_rgb(data).dtype == np.uint8


def test_tables_are_in_natural_order_for_other_readers():
    written = thumbnail()
    stored = Image.open(io.BytesIO(write_jpeg(written))).quantization
    assert np.array_equal(np.array([stored[0], stored[1]]).reshape(2, 8, 8), written.tables)


def test_each_profile_is_smaller_than_the_one_before_and_shows_the_same():
    files = [write_jpeg(shaded(120, 160), profile) for profile in ("default", "optimized", "small")]
    assert len(files[0]) > len(files[1]) > len(files[2])
    assert all(np.array_equal(decode_rgb(data), decode_rgb(files[0])) for data in files[1:])


def test_small_is_never_larger_than_optimized():
    for side in (1, 8, 16, 40):
        written = thumbnail(side, side)
        assert len(write_jpeg(written, "small")) <= len(write_jpeg(written, "optimized"))


@pytest.mark.parametrize("profile", PROFILES)
def test_a_color_profile_is_kept_whole(profile):
    icc = np.random.default_rng(0).bytes(150_000)
    data = write_jpeg(shaded(), profile, icc=icc)
    assert find_icc(list(segments(data))) == icc == Image.open(io.BytesIO(data)).info["icc_profile"]
    assert read_jpeg(data).intact
    assert find_icc(list(segments(write_jpeg(shaded(), profile)))) is None
    with pytest.raises(ThumbnailError, match="does not fit"):
        write_jpeg(shaded(), profile, icc=bytes(17_000_000))


@pytest.mark.parametrize("profile", PROFILES)
def test_exif_data_are_kept_whole_beside_a_color_profile(profile):
    exif, icc = b"II*\0" + np.random.default_rng(0).bytes(65_000), bytes(100_000)
    plain, data = write_jpeg(shaded(), profile), write_jpeg(shaded(), profile, icc=icc, exif=exif)
    parts = list(segments(data))
    assert find_exif(parts) == exif
    assert find_icc(parts) == icc
    assert Image.open(io.BytesIO(data)).info["exif"] == b"Exif\0\0" + exif
    assert len(data) == len(plain) + len(metadata_segments(icc, exif))
    assert read_jpeg(data).intact
    assert np.array_equal(decode_rgb(data), decode_rgb(plain))
    assert find_exif(list(segments(plain))) is None
    with pytest.raises(
        ThumbnailError, match=r"EXIF data of 65,528 bytes do not fit .* can hold 65,527; use --exif basic"
    ):
        write_jpeg(shaded(), profile, exif=bytes(65_528))
    assert read_jpeg(write_jpeg(shaded(), profile, exif=bytes(65_527))).intact


def test_an_incomplete_color_profile_is_ignored():
    data = write_jpeg(shaded(), icc=bytes(100_000))
    second = [part for part in segments(data) if part.marker == 0xE2][1]
    assert find_icc(list(segments(data[: second.start] + data[second.end :]))) is None


@pytest.mark.parametrize("profile", PROFILES)
def test_a_changed_coefficient_is_noticed(profile):
    written = shaded()
    changed = written.coefficients.copy()
    changed[2, 1, 1, 0, 0] += 1
    data = write_jpeg(written, profile)
    note = next(part for part in segments(data) if part.marker == 0xE9)
    other = write_jpeg(dataclasses.replace(written, coefficients=changed, **UNKNOWN))
    forged = other[: note.start] + data[note.start : note.end] + other[note.start :]
    assert read_jpeg(forged).intact is False
    assert read_jpeg(data).intact is True


def test_files_of_other_programs_are_read():
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
        ({"tables": np.ones((3, 8, 8), np.int64)}, r"shape \(2, 8, 8\)"),
        ({"coefficients": np.zeros((3, 4, 5, 8, 8), np.int16)}, "of shape"),
        ({"height": 0}, "1 to 65500"),
        ({"width": 70000}, "1 to 65500"),
        ({"coefficients": np.zeros((3, 3, 5, 8, 8), np.float32)}, "integer coefficients"),
        ({"coefficients": np.full((3, 3, 5, 8, 8), 1024, np.int16)}, "AC coefficient"),
        ({"hr_height": 76}, "together"),
        ({"model_id": b"abc"}, "together"),
        ({"hr_height": 76, "hr_width": 132, "scale": 4, "model_id": b"ab"}, "3 bytes"),
        ({"hr_height": 76, "hr_width": 132, "scale": 4, "model_id": bytes(3)}, "not all zero"),
        ({"hr_height": 76, "hr_width": 132, "scale": 3}, "1, 2, 4 or 8"),
        ({"hr_height": 72, "hr_width": 132, "scale": 4}, "does not fit"),
        ({"hr_height": 77, "hr_width": 132, "scale": 4}, "does not fit"),
    ],
)
def test_values_that_no_file_can_hold_are_refused(changes, message):
    with pytest.raises(ThumbnailError, match=message):
        write_jpeg(thumbnail(**changes))


def test_thumbnails_of_too_many_pixels_are_refused():
    with pytest.raises(ThumbnailError, match="at most"):
        write_jpeg(dataclasses.replace(thumbnail(), height=65000, width=65000))


def test_dc_steps_that_no_file_can_hold_are_refused():
    coefficients = np.zeros((3, 3, 5, 8, 8), np.int16)
    coefficients[1, :, ::2, 0, 0], coefficients[1, :, 1::2, 0, 0] = 1024, -1024
    with pytest.raises(ThumbnailError, match="DC"):
        write_jpeg(thumbnail(coefficients=coefficients))


def test_unknown_profiles_and_backends_are_errors():
    with pytest.raises(ThumbnailError, match=r"there is no profile arithmetic \(known: small, optimized, default\)$"):
        write_jpeg(thumbnail(), "arithmetic")
    with pytest.raises(ThumbnailError, match="there is no profile fast; use optimized"):
        write_jpeg(thumbnail(), "fast")
    with pytest.raises(ThumbnailError, match="jpeglib or torchjpeg"):
        write_jpeg(thumbnail(), backend="gdi")


GOOD = {profile: write_jpeg(shaded(64, 64), profile) for profile in PROFILES}


@pytest.mark.parametrize("read", [read_jpeg, decode_rgb])
@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"\xff\xd8", b"\xff\xd8\xff\xd9", b"not a picture at all", b"\x89PNG\r\n\x1a\n" + bytes(64)],
    ids=["empty", "one byte", "SOI", "SOI EOI", "text", "PNG"],
)
def test_garbage_is_refused(read, data):
    with pytest.raises(ThumbnailError):
        read(data)


@pytest.mark.parametrize("profile", PROFILES)
def test_files_truncated_anywhere_are_refused(profile):
    data = GOOD[profile]
    for kept in range(len(data)):
        with pytest.raises(ThumbnailError):
            read_jpeg(data[:kept])


def test_data_after_the_picture_are_ignored():
    assert read_jpeg(GOOD["small"] + b"and so on").intact


@pytest.mark.parametrize("side", [0xFF00, 0x2000], ids=["65280", "8192"])
def test_a_size_that_the_data_cannot_fill_is_refused_before_it_is_allocated(side):
    bomb = bytearray(GOOD["optimized"])
    frame = bomb.index(b"\xff\xc0")
    bomb[frame + 5 : frame + 9] = side.to_bytes(2, "big") * 2
    with pytest.raises(ThumbnailError, match=r"cannot hold|declares"):
        read_jpeg(bytes(bomb))


def test_many_scans_are_refused():
    data = write_jpeg(shaded(200, 200), "small")
    scan = [part for part in segments(data) if part.marker == 0xDA][-1]
    with pytest.raises(ThumbnailError, match="scans"):
        read_jpeg(data[: scan.start] + data[scan.start : -2] * 101 + data[-2:])


@pytest.mark.parametrize(
    ("find", "offset", "value", "message"),
    [
        (b"\xff\xc0", 1, 0xC9, "arithmetic"),
        (b"\xff\xc0", 1, 0xC3, "a lossless JPEG"),
        (b"\xff\xc0", 1, 0xC5, "a hierarchical JPEG"),
        (b"\xff\xc0", 4, 12, "12 bits"),
        (b"\xff\xc0", 11, 0x91, "sampling factors"),
        (b"\xff\xc0", 12, 7, "no quantization table"),
        (b"\xff\xc0", 3, 200, "no marker"),
        (b"\xff\xdb", 5, 0, "zero"),
        (b"\xff\xdb", 4, 0x20, "is incomplete"),
        (b"\xff\xc4", 5, 200, "Huffman"),
        (b"\xff\xc4", 4, 9, "Huffman"),
        (b"\xff\xc4", 1, 0x84, "unknown marker 0x84"),
        (b"\xff\xdd", 3, 5, "no marker|restart"),
        (b"\xff\xda", 5, 77, "scan header"),
    ],
)
def test_contradicting_headers_are_refused(find, offset, value, message):
    data = bytearray((Path(__file__).parent / "restart_markers.jpg").read_bytes())
    data[data.index(find) + offset] = value
    with pytest.raises(ThumbnailError, match=message):
        read_jpeg(bytes(data))


@pytest.mark.parametrize("read", [read_jpeg, describe])
def test_unsupported_codings_are_named_whatever_else_is_in_the_file(read):
    data = GOOD["optimized"]
    frame = data.index(b"\xff\xc0")
    conditioning = b"\xff\xcc\0\x04\0\x10"  # T.81 B.2.4.3
    arithmetic = data[:frame] + conditioning + b"\xff\xc9" + data[frame + 2 :]
    with pytest.raises(ThumbnailError, match="this file is arithmetic-coded, which is not supported; `jpegtran"):
        read(arithmetic)
    number_of_lines = b"\xff\xdc\0\x04\0\x40"  # T.81 B.2.5
    late = data[: frame + 5] + b"\0\0" + data[frame + 7 : -2] + number_of_lines + data[-2:]
    with pytest.raises(ThumbnailError, match=r"height after the picture \(DNL\), which is not supported; save"):
        read(late)


@pytest.mark.parametrize(
    ("mode", "options", "error", "message"),
    [
        ("RGB", {"subsampling": 2}, ForeignJpegError, "4:2:0"),
        ("L", {}, ForeignJpegError, "grey"),
        ("RGB", {"keep_rgb": True}, ForeignJpegError, "YCbCr"),
        ("CMYK", {"subsampling": 0}, ThumbnailError, "CMYK"),
    ],
)
def test_other_kinds_of_jpeg_are_refused(mode, options, error, message):
    with pytest.raises(error, match=message):
        read_jpeg(pillow_jpeg(mode=mode, **options))
