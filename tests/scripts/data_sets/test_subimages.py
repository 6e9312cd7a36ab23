from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from data_sets.subimages import Cut, cut_subimages, offsets
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.data import HRImageDataset
from tests.support import photograph, write_photographs


@pytest.mark.parametrize(
    ("length", "starts"), [(32, [0]), (31, []), (33, [0, 1]), (48, [0, 16]), (70, [0, 16, 32, 38]), (64, [0, 16, 32])]
)
def test_the_last_square_ends_at_the_border(length, starts):
    assert offsets(length, 32, 16) == starts


def test_squares_are_cut_at_the_right_positions(tmp_path):
    write_photographs(tmp_path / "in/more", 1, 40, 70)
    assert cut_subimages(tmp_path / "in", tmp_path / "out", 32, 16) == [Cut("more/photo0.png", 8, 8)]
    squares = HRImageDataset(str(tmp_path / "out"))
    assert squares.names == [f"more/photo0_s00{number}" for number in range(1, 9)]
    whole = photograph(40, 70)
    np.testing.assert_array_equal(squares.load(2).hr, whole[:32, 32:64])
    np.testing.assert_array_equal(squares.load(7).hr, whole[8:, 38:])
    assert not (tmp_path / "out.partial").exists()


def test_a_stopped_run_resumes(tmp_path):
    write_photographs(tmp_path / "in", 3, 40, 70)

    def stop(results, count):
        for number, result in enumerate(results):
            if number == 1:
                raise KeyboardInterrupt
            yield result

    with pytest.raises(KeyboardInterrupt):
        cut_subimages(tmp_path / "in", tmp_path / "out", 32, 16, progress=stop)
    assert not (tmp_path / "out").exists()
    with pytest.raises(HyperthumbError, match="other settings"):
        cut_subimages(tmp_path / "in", tmp_path / "out", 32, 8)
    (tmp_path / "out.partial/photo0_s003.png").unlink()
    cuts = cut_subimages(tmp_path / "in", tmp_path / "out", 32, 16, jobs=2)
    assert [(cut.squares, cut.written) for cut in cuts] == [(8, 1), (8, 0), (8, 8)]
    assert len(HRImageDataset(str(tmp_path / "out"))) == 24


def test_a_damaged_picture_does_not_stop_the_others(tmp_path):
    source = write_photographs(tmp_path / "in", 2, 40, 40)
    (source / "photo0.png").write_bytes(b"no picture")
    Image.fromarray(photograph(31, 90)).save(source / "small.png")
    cuts = cut_subimages(source, tmp_path / "out", 32, 16)
    assert [cut.squares for cut in cuts] == [0, 4, 0]
    assert "photo0.png: it is not a picture" in cuts[0].problem
    assert cuts[2].problem is None
    assert not (tmp_path / "out").exists()
    (source / "photo0.png").unlink()
    assert [cut.written for cut in cut_subimages(source, tmp_path / "out", 32, 16)] == [0, 0]


def test_unusable_sources_and_targets_are_refused(tmp_path):
    source = write_photographs(tmp_path / "in", 1, 40, 40)
    with pytest.raises(HyperthumbError, match="none of its 1 pictures is as large as 48x48"):
        cut_subimages(source, tmp_path / "out", 48, 16)
    with pytest.raises(HyperthumbError, match="is inside"):
        cut_subimages(source, source / "sub", 32, 16)
    (tmp_path / "full").mkdir()
    with pytest.raises(HyperthumbError, match="already exists"):
        cut_subimages(source, tmp_path / "full", 32, 16)
    Image.fromarray(photograph(40, 40)).save(source / "photo0.bmp")
    with pytest.raises(HyperthumbError, match="names differ only in the extension"):
        cut_subimages(source, tmp_path / "out", 32, 16)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "in"]
    assert [path.name for path in source.iterdir() if path.is_dir()] == []
