import dataclasses
import itertools
import struct

import numpy as np
import pytest

from hyperthumb.base.errors import ThumbnailError
from hyperthumb.jpeg.file import JpegThumbnail, decode_rgb, read_jpeg, write_jpeg
from hyperthumb.jpeg.marker import APP9, MARKER_START, find_origins
from hyperthumb.jpeg.matching import State
from hyperthumb.jpeg.segments import segments
from tests.jpeg.other_programs import as_version_1, marker_of, sealed, with_marker
from tests.jpeg.thumbnails import same_content

PLAIN = JpegThumbnail(np.zeros((3, 2, 2, 8, 8), np.int16), np.ones((2, 8, 8), np.int64), 16, 11)
OURS = dataclasses.replace(PLAIN, hr_height=61, hr_width=44, scale=4, model_id=b"\x01\x02\x03")
DATA = write_jpeg(OURS)
PLACE = DATA.index(MARKER_START) + 4
OLD = as_version_1(DATA)


def test_the_marker_has_13_bytes_right_after_the_jfif_segment():
    without = write_jpeg(PLAIN)
    assert len(DATA) - len(without) == 13
    assert [segment.marker for segment in segments(DATA)][:2] == [0xE0, APP9]
    assert DATA[:20] == without[:20]
    assert DATA[33:] == without[20:]
    assert np.array_equal(decode_rgb(DATA), decode_rgb(without))


def test_the_marker_states_the_photographs_size_and_the_model():
    read = read_jpeg(DATA)
    assert (read.hr_height, read.hr_width, read.scale, read.model_id) == (61, 44, 4, b"\x01\x02\x03")
    assert read.intact
    assert read_jpeg(write_jpeg(dataclasses.replace(OURS, model_id=None))).model_id is None


def test_the_seal_is_that_of_the_documentation():
    assert sealed(DATA[PLACE + 2 : PLACE + 9]) == marker_of(DATA)
    # Version 2, scale 4, 3 rows missing, none of the columns; the model's id across bytes; the checks are the rest.
    number = int.from_bytes(DATA[PLACE + 2 : PLACE + 9], "big")
    assert (number >> 54, number >> 52 & 3, number >> 49 & 7, number >> 46 & 7) == (2, 2, 3, 0)
    assert number >> 22 & 0xFFFFFF == 0x010203


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
def test_every_size_of_a_photograph_is_kept(scale):
    for rows, columns in itertools.product(range(scale), repeat=2):
        written = dataclasses.replace(OURS, scale=scale, hr_height=16 * scale - rows, hr_width=11 * scale - columns)
        for data in (write_jpeg(written, "default"), as_version_1(write_jpeg(written, "default"))):
            assert same_content(read_jpeg(data), written)
            assert read_jpeg(data).intact


def test_files_of_version_1_are_read():
    assert len(OLD) == len(DATA)
    assert OLD[PLACE : PLACE + 4] == b"HT\x14\x30"
    assert same_content(read_jpeg(OLD), OURS)
    assert read_jpeg(OLD).intact


@pytest.mark.parametrize("offset", range(9))
def test_a_damaged_marker_is_ignored(offset):
    data = bytearray(DATA)
    data[PLACE + offset] ^= 0x10
    assert (read_jpeg(bytes(data)).scale, read_jpeg(bytes(data)).state) == (None, State.UNMARKED)


@pytest.mark.parametrize(
    "payload",
    [
        b"HT",
        b"HTML\0",
        b"HT\x14\x00",
        b"HT/1.1 200 OK",
        b"HT\x14\x00\1\2\3\4\5\6",
        b"HT\x24\x00\1\2\3\4\5",  # a version that never was
        b"HT\x13\x00\1\2\3\4\5",  # a scale that is none
        b"HT\x14\x40\1\2\3\4\5",  # more rows missing than the scale allows
        b"HT\x14\x04\1\2\3\4\5",
        b"Media\0\0\0\0",
        bytes(9),
    ],
)
def test_other_programs_segments_of_that_kind_are_skipped(payload):
    other = struct.pack(">BBH", 0xFF, APP9, len(payload) + 2) + payload
    assert read_jpeg(with_marker(DATA, other)).state is State.UNMARKED
    assert read_jpeg(with_marker(DATA, other + marker_of(DATA))).intact
    assert read_jpeg(with_marker(DATA, marker_of(DATA) + other)).intact


def test_another_programs_segment_that_looks_like_version_1_is_doubtful():
    other = MARKER_START + b"HT\x14\x00\1\2\3\4\5"
    assert read_jpeg(with_marker(DATA, other)).state is State.DOUBTFUL
    assert read_jpeg(with_marker(DATA, other + marker_of(DATA))).intact
    assert read_jpeg(with_marker(DATA, other + marker_of(OLD))).intact


@pytest.mark.parametrize("first", [0x60, 0x20])
def test_a_sealed_marker_of_an_invalid_version_is_ignored(first):
    assert read_jpeg(with_marker(DATA, sealed(bytes([first]) + bytes(6)))).state is State.UNMARKED


def test_a_marker_with_more_missing_rows_than_the_scale_allows_is_ignored():
    assert read_jpeg(with_marker(DATA, sealed(b"\x82\x00" + bytes(5)))).state is State.UNMARKED


def test_a_later_version_is_refused():
    with pytest.raises(ThumbnailError, match="later version"):
        read_jpeg(with_marker(DATA, sealed(b"\xe0" + bytes(6))))


def test_many_markers_do_not_take_forever():
    others = b"".join(sealed(b"\x80\x00" + struct.pack(">I", number) + b"\0") for number in range(1000))
    assert len(find_origins(segments(with_marker(DATA, others)))) == 4


def test_a_marker_may_stand_twice():
    assert len(find_origins(segments(with_marker(DATA, 2 * marker_of(DATA))))) == 1
