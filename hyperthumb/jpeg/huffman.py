"""Huffman tables made for given symbols (ITU-T T.81, annexes C and K.2)."""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np

MAX_LENGTH = 16  # bits of a code, T.81 annex C


class HuffmanTable(NamedTuple):
    """Codes of symbols.

    Attributes:
        segment_body: class and number, how many codes there are of each length, and their symbols, as in DHT.
        codes: (256,) each symbol's code.
        lengths: (256,) its bits; 0 for a symbol that has none.
    """

    segment_body: bytes
    codes: np.ndarray
    lengths: np.ndarray


def huffman_table(counts: np.ndarray, kind: int, number: int) -> HuffmanTable:
    """The best table for symbols that occur so often.

    Args:
        counts: (256,) how often each symbol occurs.
        kind: 0 for DC, 1 for AC.
        number: of the table in its file, 0 to 3.
    """
    lengths = code_lengths(counts)
    symbols = sorted(np.flatnonzero(lengths).tolist(), key=lambda symbol: (lengths[symbol], symbol))
    codes = np.zeros(256, np.int64)
    code, previous = 0, 0
    for symbol in symbols:
        code <<= int(lengths[symbol]) - previous
        previous = int(lengths[symbol])
        codes[symbol] = code
        code += 1
    of_each_length = np.bincount(lengths[symbols], minlength=MAX_LENGTH + 1)[1:]
    body = struct.pack(">B16B", kind << 4 | number, *of_each_length.tolist()) + bytes(symbols)
    return HuffmanTable(body, codes, lengths)


def code_lengths(counts: np.ndarray) -> np.ndarray:
    """Bits of each symbol in the best prefix code of at most 16 bits in which no code is all ones.

    The package-merge algorithm (Larmore and Hirschberg 1990), with one more symbol that never occurs: the code that it
    gets, one of the longest, is the one of all ones that a JPEG must not use.

    Args:
        counts: (256,) how often each symbol occurs; at least one is not zero.

    Returns:
        (256,) integers, 0 for symbols that do not occur.
    """
    used = np.flatnonzero(counts).tolist()
    assert used, "a table for no symbols"
    leaves: list[tuple[int, tuple[int, ...]]] = sorted([(0, (256,)), *((int(counts[s]), (s,)) for s in used)])
    packages = leaves
    for _ in range(MAX_LENGTH - 1):
        paired = [
            (a[0] + b[0], a[1] + b[1]) for a, b in zip(packages[::2], packages[1::2], strict=False)
        ]  # an odd one out is dropped
        packages = sorted(leaves + paired)
    lengths = np.zeros(257, np.int64)
    for _, symbols in packages[: 2 * len(leaves) - 2]:
        np.add.at(lengths, list(symbols), 1)
    return lengths[:256]
