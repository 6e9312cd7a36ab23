"""Writes TIFF files of many kinds. Pillow and tifffile write only some of them."""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

import numpy as np


class Kind(NamedTuple):
    """How a TIFF stores its samples.

    Attributes:
        bits: of a sample: 1, 2, 4, 8 or 16.
        photometric: 0 is min-is-white, 1 is min-is-black, 2 is RGB.
        order: "<" or ">".
        tile: the side of a tile, a multiple of 16; None for strips of 8 rows.
        deflate: whether they are compressed.
        big: whether it is a BigTIFF.
        apart: whether each plane is stored by itself.
    """

    bits: int
    photometric: int
    order: str = "<"
    tile: int | None = None
    deflate: bool = False
    big: bool = False
    apart: bool = False


def write_tiff(samples: np.ndarray, kind: Kind) -> bytes:
    """The file of (H, W) grey samples, (H, W, 2) grey ones with alpha, (H, W, 3) color or (H, W, 4) with alpha."""
    planes = samples.reshape(*samples.shape[:2], -1)
    height, width, count = planes.shape
    stored = np.split(planes, count, axis=2) if kind.apart else [planes]
    blocks = [_pack(block, kind) for each in stored for block in _blocks(each, kind.tile)]
    if kind.deflate:
        blocks = [zlib.compress(block) for block in blocks]
    tags = {
        256: ("H", [width]),
        257: ("H", [height]),
        258: ("H", [kind.bits] * count),
        259: ("H", [8 if kind.deflate else 1]),
        262: ("H", [kind.photometric]),
        277: ("H", [count]),
    }
    offsets = 324 if kind.tile else 273
    tags |= {offsets: ("I", [0] * len(blocks)), offsets + (1 if kind.tile else 6): ("I", [len(b) for b in blocks])}
    tags |= {322: ("H", [kind.tile]), 323: ("H", [kind.tile])} if kind.tile else {278: ("H", [8])}
    if kind.apart:
        tags[284] = ("H", [2])
    if count in (2, 4) and kind.photometric <= 2:
        tags[338] = ("H", [2])  # alpha that the color was not multiplied with
    place = len(_header(tags, kind))
    tags[offsets] = ("I", [place + sum(map(len, blocks[:number])) for number in range(len(blocks))])
    return _header(tags, kind) + b"".join(blocks)


def _blocks(planes: np.ndarray, tile: int | None) -> list[np.ndarray]:
    height, width = planes.shape[:2]
    if tile is None:
        return [planes[row : row + 8] for row in range(0, height, 8)]
    padded = np.pad(planes, ((0, -height % tile), (0, -width % tile), (0, 0)))
    places = [(row, column) for row in range(0, height, tile) for column in range(0, width, tile)]
    return [padded[row : row + tile, column : column + tile] for row, column in places]


def _pack(block: np.ndarray, kind: Kind) -> bytes:
    if kind.bits >= 8:
        return block.astype(f"{kind.order}u{kind.bits // 8}").tobytes()
    rows = block.reshape(len(block), -1)
    bits = (rows[..., None] >> np.arange(kind.bits - 1, -1, -1)) & 1
    return np.packbits(bits.reshape(len(block), -1).astype(np.uint8), axis=1).tobytes()


def _header(tags: dict[int, tuple[str, list[int]]], kind: Kind) -> bytes:
    order = kind.order
    mark = {"<": b"II", ">": b"MM"}[order]
    if kind.big:
        head, count, wide = mark + struct.pack(f"{order}HHHQ", 43, 8, 0, 16), "Q", "Q"
    else:
        head, count, wide = mark + struct.pack(f"{order}HI", 42, 8), "H", "I"
    room = struct.calcsize(wide)
    size = struct.calcsize(f"={count}") + len(tags) * (4 + 2 * room) + room
    directory, values = struct.pack(f"{order}{count}", len(tags)), b""
    for tag, (letter, numbers) in sorted(tags.items()):
        packed = struct.pack(f"{order}{len(numbers)}{letter}", *numbers)
        directory += struct.pack(f"{order}HH{wide}", tag, {"H": 3, "I": 4}[letter], len(numbers))
        if len(packed) > room:
            directory += struct.pack(f"{order}{wide}", len(head) + size + len(values))
            values += packed
        else:
            directory += packed.ljust(room, b"\0")
    return head + directory + bytes(room) + values
