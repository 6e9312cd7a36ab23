import io
import itertools

import numpy as np
import pytest
import torch
from PIL import Image

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.jpeg.tables import ZIGZAG, standard_tables
from hyperthumb.jpeg.zigzag import from_zigzag, to_zigzag


def pillow_tables(quality):
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG", quality=quality)
    tables = Image.open(buffer).quantization
    return np.array([tables[0], tables[1]]).reshape(2, 8, 8)


@pytest.mark.parametrize("quality", [1, 2, 10, 49, 50, 51, 75, 96, 99, 100])
def test_tables_are_libjpegs(quality):
    tables = standard_tables(quality)
    assert np.array_equal(tables, pillow_tables(quality))
    assert tables.min() >= 1
    assert tables.max() <= 255


def test_luma_table_is_not_transposed():
    """The original's built-in one is: its step for the highest horizontal frequency of row 0 is 72, not 61."""
    assert standard_tables(50)[0, 0, 7] == 61


@pytest.mark.parametrize("quality", [0, 101, -5])
def test_a_quality_out_of_range_is_an_error(quality):
    with pytest.raises(HyperthumbError, match="1 to 100"):
        standard_tables(quality)


def test_zigzag_has_the_standards_order():
    assert ZIGZAG[:11] == (0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32)
    assert ZIGZAG[-4:] == (47, 55, 62, 63)
    assert sorted(ZIGZAG) == list(range(64))
    steps = [(abs(a // 8 - b // 8), abs(a % 8 - b % 8)) for a, b in itertools.pairwise(ZIGZAG)]
    assert set(steps) <= {(0, 1), (1, 0), (1, 1)}


def test_zigzag_is_the_order_of_files():
    """Zig-zag order as a file stores it, against Pillow's reading of that file in natural order."""
    buffer = io.BytesIO()
    Image.new("L", (8, 8)).save(buffer, "JPEG", quality=37)
    data = buffer.getvalue()
    start = data.index(b"\xff\xdb") + 5
    stored = torch.tensor(list(data[start : start + 64]))
    natural = torch.tensor(Image.open(buffer).quantization[0]).view(8, 8)
    assert torch.equal(to_zigzag(natural), stored)
    assert torch.equal(from_zigzag(stored), natural)


def test_zigzag_keeps_leading_dimensions():
    blocks = torch.randn(2, 3, 4, 8, 8)
    assert to_zigzag(blocks).shape == (2, 3, 4, 64)
    assert torch.equal(from_zigzag(to_zigzag(blocks)), blocks)
