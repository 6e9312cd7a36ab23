import heapq
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hyperthumb.jpeg.file import read_jpeg, write_jpeg
from hyperthumb.jpeg.huffman import MAX_LENGTH, code_lengths, huffman_table
from hyperthumb.jpeg.segments import DRI, SOS, segments
from tests.jpeg.thumbnails import same_content, shaded, thumbnail


def bits_of_huffmans_code(counts):
    """The bits of all symbols in Huffman's own code, which has no limit of length."""
    heap = sorted(counts)
    total = 0
    while len(heap) > 1:
        pair = heapq.heappop(heap) + heapq.heappop(heap)
        total += pair
        heapq.heappush(heap, pair)
    return total


@settings(max_examples=40)
@given(st.integers(1, 256), st.integers(0, 2**32 - 1))
def test_codes_are_prefix_free_and_the_best(symbols, seed):
    rng = np.random.default_rng(seed)
    counts = np.zeros(256, np.int64)
    counts[rng.permutation(256)[:symbols]] = rng.integers(50, 10_000, symbols)
    lengths = code_lengths(counts)
    assert np.array_equal(lengths > 0, counts > 0)
    assert sum(2.0 ** -lengths[lengths > 0]) < 1  # room for the code of all ones, which no symbol has
    assert int(lengths @ counts) == bits_of_huffmans_code([0, *counts[counts > 0].tolist()])


def test_skewed_counts_stay_within_sixteen_bits():
    counts = np.zeros(256, np.int64)
    counts[:40] = [2**k for k in range(40)]
    assert code_lengths(counts).max() == MAX_LENGTH


def test_one_symbol_gets_one_bit_that_is_not_all_ones():
    table = huffman_table(np.eye(256, dtype=np.int64)[7], 0, 0)
    assert (table.lengths[7], table.codes[7]) == (1, 0)


@pytest.mark.parametrize("rows", [1, 2, 4, 100])
def test_restart_markers_stand_where_the_header_says(rows):
    written = thumbnail(100, 50)
    data = write_jpeg(written, "fast", restart_rows=rows)
    parts = list(segments(data))
    (interval,) = [int.from_bytes(part.payload, "big") for part in parts if part.marker == DRI]
    assert interval == 7 * rows
    coded = data[next(part.end for part in parts if part.marker == SOS) :]
    found = [coded[i + 1] for i in range(len(coded) - 1) if coded[i] == 0xFF and 0xD0 <= coded[i + 1] <= 0xD7]
    assert found == [0xD0 + i % 8 for i in range(-(-13 // rows) - 1)]
    assert same_content(read_jpeg(data), written)


def test_a_part_between_restart_markers_decodes_alone():
    written = shaded(64, 80)
    data = write_jpeg(written, "fast", restart_rows=2)
    start = next(part.end for part in segments(data) if part.marker == SOS)
    second = data.index(b"\xff\xd0", start) + 2
    alone = bytearray(data[:start] + data[second : data.index(b"\xff\xd1", start)] + b"\xff\xd9")
    frame = alone.index(b"\xff\xc0")
    alone[frame + 5 : frame + 7] = (16).to_bytes(2, "big")
    part = np.asarray(Image.open(io.BytesIO(bytes(alone))))
    assert np.array_equal(part, np.asarray(Image.open(io.BytesIO(data)))[16:32])
