"""The same picture and marker in every arrangement that the standard allows, or that programs make of files."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hyperthumb.base.limits import PROFILES
from hyperthumb.jpeg.file import read_jpeg, write_jpeg
from hyperthumb.jpeg.inspection import describe
from hyperthumb.jpeg.segments import DHT, DQT, EOI, SOF_MARKERS, SOS, scan_end, segments
from tests.jpeg.backends import BACKENDS
from tests.jpeg.other_programs import as_version_1, marker_of, turned, without_marker
from tests.jpeg.thumbnails import same_content, shaded

WRITTEN = shaded(61, 75)


def pieces(data: bytes) -> list[tuple[int, bytes]]:
    """Every segment's marker and bytes, a scan with its data."""
    return [
        (part.marker, data[part.start : scan_end(data, part.end) if part.marker == SOS else part.end])
        for part in segments(data)
    ]


def joined(parts: list[tuple[int, bytes]]) -> bytes:
    return b"\xff\xd8" + b"".join(piece for _, piece in parts)


def placed_before(data: bytes, markers: set[int], segment: bytes) -> bytes:
    parts = pieces(data)
    place = next(index for index, (marker, _) in enumerate(parts) if marker in markers)
    return joined([*parts[:place], (0, segment), *parts[place:]])


def tables_after_the_frame(data: bytes) -> bytes:
    parts = pieces(data)
    tables = [part for part in parts if part[0] == DQT]
    others = [part for part in parts if part[0] != DQT]
    frame = next(index for index, (marker, _) in enumerate(others) if marker in SOF_MARKERS)
    return joined(others[: frame + 1] + tables + others[frame + 1 :])


def an_empty_huffman_segment(data: bytes) -> bytes:
    return placed_before(data, {DHT}, b"\xff\xc4\x00\x02")


def fill_bytes(data: bytes) -> bytes:
    return joined([(marker, b"\xff" * (index % 4) + piece) for index, (marker, piece) in enumerate(pieces(data))])


def a_trailer(data: bytes) -> bytes:
    return data + np.random.default_rng(0).bytes(50_000)


def two_files_in_a_row(data: bytes) -> bytes:
    return data + write_jpeg(shaded(40, 40), "default")


def a_comment_first(data: bytes) -> bytes:
    return data[:2] + b"\xff\xfe\x00\x07hello" + data[2:]


def marker_before_the_scan(data: bytes) -> bytes:
    return placed_before(without_marker(data), {SOS}, marker_of(data))


def marker_at_the_end(data: bytes) -> bytes:
    return placed_before(without_marker(data), {EOI}, marker_of(data))


def marker_twice(data: bytes) -> bytes:
    return placed_before(data, {SOS}, marker_of(data))


def no_jfif(data: bytes) -> bytes:
    return joined([part for part in pieces(data) if part[0] != 0xE0])


ARRANGEMENTS = [
    tables_after_the_frame,
    an_empty_huffman_segment,
    fill_bytes,
    a_trailer,
    two_files_in_a_row,
    a_comment_first,
    marker_before_the_scan,
    marker_at_the_end,
    marker_twice,
    no_jfif,
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("arranged", ARRANGEMENTS)
def test_metadata_are_read_as_they_were_written(arranged, profile, backend):
    data = write_jpeg(WRITTEN, profile)
    for file, orientation in ((data, 1), (as_version_1(data), 1), (turned(data, 6, profile=profile), 6)):
        read = read_jpeg(arranged(file), backend)
        assert same_content(read, WRITTEN)
        assert (read.intact, read.orientation) == (True, orientation)
    assert describe(arranged(data)).model_id == WRITTEN.model_id


def test_all_kinds_of_metadata_are_read_together():
    for order in itertools.permutations([fill_bytes, a_comment_first, tables_after_the_frame, marker_at_the_end]):
        data = write_jpeg(WRITTEN)
        for arranged in order:
            data = arranged(data)
        assert read_jpeg(a_trailer(data)).intact
