import numpy as np
import pytest

from hyperthumb.errors import ThumbnailError
from hyperthumb.jpeg.file import JpegThumbnail, decode_rgb, read_jpeg, write_jpeg
from hyperthumb.jpeg.marker import APP9, segments

PLAIN = JpegThumbnail(np.zeros((3, 2, 2, 8, 8), np.int16), np.ones((2, 8, 8), np.int64), 16, 11)
DATA = write_jpeg(JpegThumbnail(PLAIN.coefficients, PLAIN.tables, 16, 11, hr_height=61, hr_width=44, scale=4))
PLACE = DATA.index(b"HyTh")


def test_costs_twelve_bytes_right_after_jfifs_segment():
    without = write_jpeg(PLAIN)
    assert len(DATA) - len(without) == 12
    assert [segment.marker for segment in segments(DATA)][:2] == [0xE0, APP9]
    assert DATA[:20] == without[:20]
    assert DATA[32:] == without[20:]
    assert np.array_equal(decode_rgb(DATA), decode_rgb(without))


def test_says_the_photographs_size():
    read = read_jpeg(DATA)
    assert (read.hr_height, read.hr_width, read.scale) == (61, 44, 4)


@pytest.mark.parametrize(
    ("offset", "value", "message"), [(4, 2, "later version"), (5, 3, "damaged"), (6, 4, "damaged"), (7, 200, "damaged")]
)
def test_nonsense_is_refused(offset, value, message):
    data = bytearray(DATA)
    data[PLACE + offset] = value
    with pytest.raises(ThumbnailError, match=message):
        read_jpeg(bytes(data))


def test_another_programs_segment_of_that_kind_is_skipped():
    other = b"\xff\xe9\x00\x08Media\x00"
    read = read_jpeg(DATA[:20] + other + DATA[20:])
    assert read.scale == 4
    data = bytearray(DATA)
    data[PLACE : PLACE + 4] = b"Else"
    assert read_jpeg(bytes(data)).scale is None
