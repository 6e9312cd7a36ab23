from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from hyperthumb.base.errors import CorruptImageError, HyperthumbError
from hyperthumb.base.registry import DATASETS
from hyperthumb.data import HRImageDataset, PairedImageDataset
from hyperthumb.data.contract import SourceView
from tests.support import photograph, write_photographs


def save(path, height, width, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(photograph(height, width, seed)).save(path)


def test_photographs_in_subfolders_are_found(tmp_path):
    save(tmp_path / "b.png", 20, 31, 1)
    save(tmp_path / "a/b.png", 16, 17, 2)
    source = HRImageDataset(str(tmp_path))
    assert source.names == ["a/b", "b"]
    pair = source.load(1)
    assert (pair.name, pair.reference) == ("b", None)
    np.testing.assert_array_equal(pair.hr, photograph(20, 31, 1))
    assert source.size(0) == (16, 17)
    assert [source.nbytes_decoded(i) for i in range(2)] == [source.load(i).hr.nbytes for i in range(2)]


def test_data_sets_are_registered_by_name():
    assert DATASETS.get("HRImageDataset") is HRImageDataset
    assert DATASETS.get("PairedImageDataset") is PairedImageDataset


def test_files_that_differ_only_in_the_extension_are_refused(tmp_path):
    save(tmp_path / "a.png", 8, 8)
    save(tmp_path / "a.jpg", 8, 8)
    with pytest.raises(HyperthumbError, match=r"a\.jpg and a\.png have the same name"):
        HRImageDataset(str(tmp_path))


@pytest.mark.parametrize(
    ("backend", "message"),
    [
        ({"type": "memcached"}, "must be"),
        ({"type": "disk", "speed": 3}, "must be"),
        ({"kind": "disk"}, "must be"),
        ({"type": "lmdb"}, "needs {type: disk}"),
    ],
)
def test_invalid_backends_are_refused(tmp_path, backend, message):
    write_photographs(tmp_path, 1)
    with pytest.raises(HyperthumbError, match=message):
        HRImageDataset(str(tmp_path), backend)


def test_thumbnails_are_paired_by_template(tmp_path):
    for number, name in enumerate(["x/a", "b.c"]):
        save(tmp_path / f"hr/{name}.png", 33, 42, number)
        save(tmp_path / f"lr/{name}x4.png", 9, 11, 10 + number)
    save(tmp_path / "lr/one_more.png", 9, 11)
    source = PairedImageDataset(str(tmp_path / "hr"), str(tmp_path / "lr"), "{}x4")
    assert source.names == ["b.c", "x/a"]
    name, hr, reference = source.load(1)
    assert name == "x/a"
    np.testing.assert_array_equal(hr, photograph(33, 42, 0))
    np.testing.assert_array_equal(reference, photograph(9, 11, 10))
    assert source.nbytes_decoded(0) == hr.nbytes + reference.nbytes


def test_without_thumbnails_there_are_no_references(tmp_path):
    source = PairedImageDataset(str(write_photographs(tmp_path, 2)))
    assert source.load(0).reference is None
    assert source.nbytes_decoded(0) == source.load(0).hr.nbytes


def test_a_missing_thumbnail_is_an_error(tmp_path):
    save(tmp_path / "hr/a.png", 32, 32)
    save(tmp_path / "lr/b.png", 8, 8)
    with pytest.raises(HyperthumbError, match='lacks "a" for the photograph "a"'):
        PairedImageDataset(str(tmp_path / "hr"), str(tmp_path / "lr"))


def test_a_thumbnail_of_another_shape_is_an_error(tmp_path):
    save(tmp_path / "hr/a.png", 32, 32)
    save(tmp_path / "lr/a.png", 8, 9)
    with pytest.raises(HyperthumbError, match="a: its thumbnail of 9x8"):
        PairedImageDataset(str(tmp_path / "hr"), str(tmp_path / "lr")).load(0)


@pytest.mark.parametrize("template", ["x4", "{}{}", "{0}"])
def test_invalid_templates_are_refused(tmp_path, template):
    with pytest.raises(HyperthumbError, match="filename_tmpl"):
        PairedImageDataset(str(tmp_path), str(tmp_path), template)


def test_a_damaged_photograph_counts_as_zero_bytes(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    source = HRImageDataset(str(tmp_path))
    assert source.nbytes_decoded(0) == 0
    with pytest.raises(CorruptImageError, match=r"a\.png"):
        source.load(0)


def test_a_view_shows_the_chosen_photographs_in_order(tmp_path):
    source = HRImageDataset(str(write_photographs(tmp_path, 3)))
    view = SourceView(source, [2, 0])
    assert (len(view), view.names) == (2, [source.names[2], source.names[0]])
    np.testing.assert_array_equal(view.load(0).hr, source.load(2).hr)
    assert view.size(0) == source.size(2)
    assert view.label(1) == source.label(0)
    assert SourceView(source).names == source.names


@pytest.mark.parametrize("kind", [HRImageDataset, PairedImageDataset])
def test_pictures_that_hyperthumb_wrote_beside_photographs_are_a_warning(tmp_path, kind):
    save(tmp_path / "a.png", 16, 16)
    save(tmp_path / "a.thumb.jpg", 8, 8)
    save(tmp_path / "a.thumb.restored.png", 16, 16)
    message = (
        r"holds 2 thumbnails and restored pictures \(a\.thumb and a\.thumb\.restored\); move them to another folder"
    )
    with pytest.warns(UserWarning, match=message):
        source = kind(str(tmp_path))
    assert source.names == ["a", "a.thumb", "a.thumb.restored"]


def test_a_folder_of_thumbnails_alone_is_no_reason_to_warn(tmp_path):
    save(tmp_path / "hr/a.png", 16, 16)
    save(tmp_path / "lr/a.thumb.png", 8, 8)
    PairedImageDataset(str(tmp_path / "hr"), str(tmp_path / "lr"), "{}.thumb")
