"""A baseline scan with Huffman tables of its own and restart markers (ITU-T T.81, annex F.1.2), coded with numpy.

Why not a library: none that is kept and installs by itself writes restart markers around given coefficients. jpeglib,
torchjpeg and mozjpeg-lossless-optimization have no setting for them; Pillow and OpenCV have one but take pixels; the
packages with TurboJPEG's lossless transform lack the setting (turbojpeg, two releases of 2023) or the library itself
(PyTurboJPEG).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np

from .huffman import HuffmanTable, huffman_table
from .segments import DHT, DRI
from .tables import ZIGZAG

_ZERO_RUN = 0xF0  # sixteen zeros
_END_OF_BLOCK = 0x00
_DC, _AC = 0, 1
_TABLE_OF_PLANE = np.array([0, 1, 1], np.int32)
_BIT_LENGTHS = np.array([value.bit_length() for value in range(1 << 11)], np.int32)


class CodedScan(NamedTuple):
    """What goes before the scan's header (DHT, DRI), and what after it."""

    tables: bytes
    data: bytes


class _Symbols(NamedTuple):
    """The scan as a row of symbols, each with bits of its own after it.

    Attributes:
        table: 2 * (0 for Y, 1 for chroma) + (0 for DC, 1 for AC).
        symbol: 0..255.
        extra: the bits that follow the symbol's code.
        extra_length: how many they are.
        block_start: the place of each block's first symbol, and the number of all.
    """

    table: np.ndarray
    symbol: np.ndarray
    extra: np.ndarray
    extra_length: np.ndarray
    block_start: np.ndarray


def code_scan(coefficients: np.ndarray, restart_rows: int | None) -> CodedScan:
    """Codes a 4:4:4 picture's only scan.

    Args:
        coefficients: (3, rows, columns, 8, 8) integers that a baseline JPEG can hold.
        restart_rows: rows of blocks between restart markers; None for no markers.
    """
    rows, columns = coefficients.shape[1:3]
    blocks = 3 * rows * columns
    per_interval = blocks if restart_rows is None else 3 * columns * restart_rows
    symbols = _symbols(coefficients, per_interval)
    tables = [
        huffman_table(np.bincount(symbols.symbol[symbols.table == index], minlength=256), index % 2, index // 2)
        for index in range(4)
    ]
    values, lengths = _codewords(symbols, tables)
    pieces = []
    for number, first in enumerate(range(0, blocks, per_interval)):
        if number:
            pieces.append(bytes([0xFF, 0xD0 + (number - 1) % 8]))
        part = slice(symbols.block_start[first], symbols.block_start[min(first + per_interval, blocks)])
        pieces.append(_pack(values[part], lengths[part]).replace(b"\xff", b"\xff\x00"))
    body = b"".join(table.segment_body for table in tables)
    headers = struct.pack(">BBH", 0xFF, DHT, len(body) + 2) + body
    if restart_rows is not None:
        headers += struct.pack(">BBHH", 0xFF, DRI, 4, per_interval // 3)
    return CodedScan(headers, b"".join(pieces))


def _symbols(coefficients: np.ndarray, per_interval: int) -> _Symbols:
    """Magnitude categories and run lengths (T.81 F.1.2.1, F.1.2.2) in the file's order: block by block, Y Cb Cr."""
    planes = coefficients.reshape(3, -1, 64)[..., list(ZIGZAG)]
    blocks = np.ascontiguousarray(planes.swapaxes(0, 1), dtype=np.int16).reshape(-1, 64)
    count = len(blocks)
    plane_table = 2 * np.resize(_TABLE_OF_PLANE, count)

    dc = blocks[:, 0].astype(np.int32)
    blocks[:, 0] = 0
    before = np.zeros_like(dc)
    before[3:] = dc[:-3]
    before.reshape(-1, 3)[:: per_interval // 3] = 0  # a restart forgets what was before it
    nonzero = np.flatnonzero(blocks)
    block, place = nonzero >> 6, (nonzero & 63).astype(np.int32)
    value = blocks.ravel()[nonzero].astype(np.int32)
    first_in_block = np.diff(block, prepend=-1) != 0
    run = place - np.where(first_in_block, 0, np.roll(place, 1)) - 1

    # Slots of the row: one for DC, one for each sixteen zeros and each value, one for the end if zeros are left.
    slots = 1 + (run >> 4)
    ends_early = blocks[:, 63] == 0
    per_block = np.bincount(block, weights=slots, minlength=count).astype(np.int64) + 1 + ends_early
    block_start = np.concatenate([[0], np.cumsum(per_block)])
    early_before = np.cumsum(ends_early) - ends_early
    value_slot = np.cumsum(slots) + block + early_before[block]
    total = int(block_start[-1])
    symbol = np.full(total, _ZERO_RUN, np.int32)  # what no other is put over
    extra, extra_length = np.zeros(total, np.int32), np.zeros(total, np.int32)
    table = np.repeat(plane_table + _AC, per_block)
    dc_slot = block_start[:-1]
    for slot, number, zeros in ((dc_slot, dc - before, 0), (value_slot, value, (run & 15) << 4)):
        size = _BIT_LENGTHS[np.abs(number)]
        symbol[slot] = zeros | size
        extra[slot] = np.where(number < 0, number + (1 << size) - 1, number)
        extra_length[slot] = size
    table[dc_slot] = plane_table + _DC
    symbol[block_start[1:][ends_early] - 1] = _END_OF_BLOCK
    return _Symbols(table, symbol, extra, extra_length, block_start)


def _codewords(symbols: _Symbols, tables: list[HuffmanTable]) -> tuple[np.ndarray, np.ndarray]:
    """Each symbol's code with its extra bits behind it, and how many bits that is: 27 at the most."""
    codes = np.stack([table.codes for table in tables])[symbols.table, symbols.symbol]
    lengths = np.stack([table.lengths for table in tables])[symbols.table, symbols.symbol]
    return codes << symbols.extra_length | symbols.extra, lengths + symbols.extra_length


def _pack(values: np.ndarray, lengths: np.ndarray) -> bytes:
    """Bits one after another, the last byte filled up with ones."""
    ends = np.cumsum(lengths)
    starts = ends - lengths
    size = -(-int(ends[-1]) // 8)
    # A codeword of 27 bits that starts anywhere in a byte touches five. Bits never overlap, so bytes may be added.
    window = values << (40 - (starts & 7) - lengths)
    sums = np.zeros(size + 4)
    for i in range(5):
        sums += np.bincount((starts >> 3) + i, weights=window >> (32 - 8 * i) & 0xFF, minlength=size + 4)
    packed = sums.astype(np.uint8)
    packed[size - 1] |= 0xFF >> (8 - (-int(ends[-1]) % 8))
    return packed[:size].tobytes()
