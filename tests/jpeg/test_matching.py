import itertools

import numpy as np
import pytest

from hyperthumb.jpeg.file import read_jpeg, write_jpeg
from hyperthumb.jpeg.matching import State
from tests.jpeg.backends import BACKENDS
from tests.jpeg.other_programs import ORIENTATIONS, as_version_1, changed, turned
from tests.jpeg.thumbnails import same_content, shaded

SIZES = [(64, 80), (61, 75), (64, 75), (5, 30), (3, 5)]


def unchanged(data):
    return data


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("written_by", [as_version_1, unchanged])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_turned_file_is_turned_back(size, written_by, backend):
    written = shaded(*size)
    data = written_by(write_jpeg(written))
    for orientation in ORIENTATIONS:
        for profile in ("small", "default"):
            read = read_jpeg(turned(data, orientation, profile=profile), backend)
            assert same_content(read, written)
            assert (read.state, read.intact) == (State.INTACT, True)
            if min(size) >= 8:  # of a smaller picture jpegtran leaves rows or columns as they are
                assert read.orientation == orientation


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
def test_the_photographs_size_comes_back_at_every_scale(scale):
    sizes = itertools.product(range(64 * scale - scale + 1, 64 * scale + 1), (75 * scale, 75 * scale - scale + 1))
    for hr_height, hr_width in sizes:
        written = shaded(64, 75, scale, hr_height=hr_height, hr_width=hr_width)
        read = read_jpeg(turned(write_jpeg(written, "default"), 8))
        assert (read.hr_height, read.hr_width, read.orientation) == (hr_height, hr_width, 8)


@pytest.mark.parametrize(("first", "second", "both"), [(6, 6, 3), (6, 8, 1), (2, 5, 8), (7, 4, 6)])
def test_several_turns_are_undone_at_once(first, second, both):
    written = shaded(61, 75)
    read = read_jpeg(turned(turned(write_jpeg(written), first), second))
    assert (read.state, read.orientation) == (State.INTACT, both)
    assert same_content(read, written)


@pytest.mark.parametrize("orientation", [2, 3, 4, 6, 7, 8])
def test_the_turn_is_known_after_the_partial_blocks_were_cut_off(orientation):
    written = shaded(61, 75)
    read = read_jpeg(turned(write_jpeg(written), orientation, trim=True))
    assert (read.state, read.orientation, read.intact) == (State.CUT, orientation, False)
    assert np.array_equal(read.coefficients[:, :7, :9], written.coefficients[:, :7, :9])
    assert np.array_equal(read.tables, written.tables)
    assert read.model_id == written.model_id
    # Where partial blocks are left, so is what is missing of them (61 * 4 - 1, 75 * 4 - 2).
    assert read.hr_height == {56: 56 * 4, 61: 243}[read.height]
    assert read.hr_width == {72: 72 * 4, 75: 298}[read.width]
    assert (read.height, read.width) != (61, 75)


@pytest.mark.parametrize(("orientation", "hr_height"), [(2, 255), (8, 255), (3, 256), (7, 256)])
def test_missing_rows_at_an_uncut_edge_are_known(orientation, hr_height):
    written = shaded(64, 75)  # of which 255x298 is the photograph; 72 columns are left
    read = read_jpeg(turned(write_jpeg(written), orientation, trim=True))
    assert (read.state, read.hr_height, read.hr_width) == (State.CUT, hr_height, 288)


def test_a_trimmed_file_of_version_1_does_not_say_how_it_was_turned():
    read = read_jpeg(turned(as_version_1(write_jpeg(shaded(61, 75))), 3, trim=True))
    assert (read.state, read.orientation, read.scale) == (State.DOUBTFUL, 1, 4)


def test_edges_that_were_changed_are_noticed():
    data = write_jpeg(shaded(61, 75))
    read = read_jpeg(changed(data, (0, 7, 3, 0, 1)))
    assert (read.state, read.orientation) == (State.CUT, 1)
    assert (read.hr_height, read.hr_width) == (243, 298)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_changed_picture_matches_no_orientation(size):
    data = write_jpeg(shaded(*size))
    for written_by, state in ((unchanged, State.CHANGED), (as_version_1, State.DOUBTFUL)):
        read = read_jpeg(changed(written_by(data)))
        assert (read.state, read.orientation, read.intact) == (state, 1, False)
        assert (read.hr_height, read.hr_width, read.scale) == (None, None, 4)


def test_a_symmetric_picture_was_not_turned():
    written = shaded(64, 64, hr_height=256, hr_width=256)
    coefficients = np.zeros_like(written.coefficients)
    tables = np.full_like(written.tables, 7)
    data = write_jpeg(shaded(64, 64, hr_height=256, hr_width=256, coefficients=coefficients, tables=tables))
    assert read_jpeg(turned(data, 6)).orientation == 1
