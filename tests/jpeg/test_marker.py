import dataclasses

import numpy as np
import pytest

from hyperthumb.base.errors import ThumbnailError
from hyperthumb.jpeg.file import JpegThumbnail, decode_rgb, read_jpeg, write_jpeg
from hyperthumb.jpeg.marker import APP9
from hyperthumb.jpeg.segments import segments

PLAIN = JpegThumbnail(np.zeros((3, 2, 2, 8, 8), np.int16), np.ones((2, 8, 8), np.int64), 16, 11)
OURS = dataclasses.replace(PLAIN, hr_height=61, hr_width=44, scale=4, model_id=b"\x01\x02\x03")
DATA = write_jpeg(OURS)
PLACE = DATA.index(b"HT")


def test_costs_thirteen_bytes_right_after_jfifs_segment():
    without = write_jpeg(PLAIN)
    assert len(DATA) - len(without) == 13
    assert [segment.marker for segment in segments(DATA)][:2] == [0xE0, APP9]
    assert DATA[:20] == without[:20]
    assert DATA[33:] == without[20:]
    assert np.array_equal(decode_rgb(DATA), decode_rgb(without))


def test_says_the_photographs_size_and_the_model():
    read = read_jpeg(DATA)
    assert (read.hr_height, read.hr_width, read.scale, read.model_id) == (61, 44, 4, b"\x01\x02\x03")
    assert read.intact
    assert read_jpeg(write_jpeg(dataclasses.replace(OURS, model_id=None))).model_id is None


@pytest.mark.parametrize(("offset", "value"), [(2, 0x13), (2, 0x04), (3, 0x40), (3, 0x04)])
def test_nonsense_counts_as_nothing(offset, value):
    data = bytearray(DATA)
    data[PLACE + offset] = value
    read = read_jpeg(bytes(data))
    assert (read.scale, read.intact) == (None, None)


def test_a_later_version_is_refused():
    data = bytearray(DATA)
    data[PLACE + 2] = 0x24
    with pytest.raises(ThumbnailError, match="later version"):
        read_jpeg(bytes(data))


@pytest.mark.parametrize(("offset", "value"), [(3, 0x31), (4, 9), (7, 1), (8, 1)])
def test_a_changed_field_is_noticed(offset, value):
    data = bytearray(DATA)
    data[PLACE + offset] ^= value
    assert read_jpeg(bytes(data)).intact is False


def test_another_programs_segment_of_that_kind_is_skipped():
    other = b"\xff\xe9\x00\x08Media\x00"
    assert read_jpeg(DATA[:20] + other + DATA[20:]).intact
    data = bytearray(DATA)
    data[PLACE : PLACE + 2] = b"El"
    assert read_jpeg(bytes(data)).scale is None
