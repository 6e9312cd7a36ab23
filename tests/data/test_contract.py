"""The contract of data sets: each photograph has one unique name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from data_sets.lmdb_writer import write_lmdb
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.registry import DATASETS
from hyperthumb.config import Component
from hyperthumb.data import HRImageDataset, ImagePair, ImageSource, PairedImageDataset, build_source
from hyperthumb.data.cache import CachedSource
from hyperthumb.data.contract import SourceView
from hyperthumb.data.unusable import without_unusable
from tests.support import photograph, write_photographs

LMDB = {"type": "lmdb"}


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """Folders and stores whose pictures have equal names; the working directory is one of them."""
    for number, folder in enumerate(("a", "b", "c/a", "a/deep")):
        write_photographs(tmp_path / folder, 2, 32, 40, seed=10 * number)
    for number, name in enumerate("ab"):
        write_lmdb(HRImageDataset(str(tmp_path / name)), tmp_path / f"{name}.lmdb")
        write_photographs(tmp_path / f"small_{name}", 2, 8, 10, seed=number)
    write_photographs(tmp_path / "small_b/deep", 2, 8, 10)
    write_lmdb(HRImageDataset(str(tmp_path / "small_b")), tmp_path / "small_b.lmdb")
    monkeypatch.chdir(tmp_path / "b")
    return tmp_path


def hr(root: Path, *folders: str) -> ImageSource:
    lmdb = folders[0].endswith(".lmdb")
    roots = [str(root / folder) for folder in folders]
    return HRImageDataset(roots if len(roots) > 1 else roots[0], LMDB if lmdb else None)


SOURCES: dict[str, Callable[[Path], ImageSource]] = {
    "folder": lambda root: hr(root, "a"),
    "two folders": lambda root: hr(root, "a", "b"),
    "two folders of one name": lambda root: hr(root, "a", "c/a"),
    "one folder twice": lambda root: hr(root, "a", "a", "b"),
    "the working directory and its parent": lambda root: HRImageDataset([".", ".."]),
    "store": lambda root: hr(root, "a.lmdb"),
    "two stores": lambda root: hr(root, "a.lmdb", "b.lmdb"),
    "pairs": lambda root: PairedImageDataset(str(root / "b"), str(root / "small_b")),
    "pairs of stores": lambda root: PairedImageDataset(
        str(root / "b.lmdb"), str(root / "small_b.lmdb"), io_backend=LMDB
    ),
    "view": lambda root: SourceView(hr(root, "a", "b"), range(3)),
    "cache": lambda root: CachedSource(hr(root, "a", "b")),
    "usable": lambda root: without_unusable(hr(root, "a", "b"), 0),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_names_are_unique_and_equal_those_of_load(root, kind):
    source = SOURCES[kind](root)
    assert [source.load(index).name for index in range(len(source))] == source.names
    assert len(set(source.names)) == len(source.names) > 1
    assert all(name and not name.startswith("/") and ".." not in name.split("/") for name in source.names)


def test_names_from_several_folders_include_the_folder(root):
    assert hr(root, "b").names == ["photo0", "photo1"]
    assert hr(root, "c/a", "b").names == ["a/photo0", "a/photo1", "b/photo0", "b/photo1"]
    assert hr(root, "b.lmdb", "a.lmdb").names[0] == "b.lmdb/photo0"
    assert hr(root, "b", "b").names == ["b/photo0", "b/photo1", "b-2/photo0", "b-2/photo1"]
    first = root.name
    assert hr(root, "c/a", "a").names[::2] == ["c_a/photo0", f"{first}_a/deep/photo0", f"{first}_a/photo0"]
    assert HRImageDataset([".", "../c"]).names[0] == "b/photo0"


def test_a_store_of_two_folders_holds_both(root):
    both = hr(root, "a", "b")
    write_lmdb(both, root / "both.lmdb")
    stored = hr(root, "both.lmdb")
    assert stored.names == sorted(both.names)
    for index, name in enumerate(stored.names):
        np.testing.assert_array_equal(stored.load(index).hr, both.load(both.names.index(name)).hr)


class Plugin(ImageSource):
    """A user's data set with given `names` and given names from `load`."""

    def __init__(self, listed: object, loaded: object = None) -> None:
        self.names, self.loaded = listed, loaded or listed

    def load(self, index: int) -> ImagePair:
        return ImagePair(self.loaded[index], photograph(16, 16), None)


@pytest.fixture
def build(monkeypatch) -> Callable[..., ImageSource]:
    monkeypatch.setitem(DATASETS._classes, "Plugin", Plugin)
    return lambda *names, **settings: build_source(
        Component("Plugin", dict(zip(("listed", "loaded"), names, strict=False))), **settings
    )


def test_a_plugin_that_fulfils_the_contract_is_accepted(build):
    source = build(["x/0001", "y/0001"])
    assert [source.load(index).name for index in range(2)] == ["x/0001", "y/0001"]
    assert build(["a", "b"], max_images=1).names == ["a"]


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        (["a", "b", "a"], 'Plugin.names has "a" twice, at 0 and 2; give each photograph its own name'),
        (["a", "../b"], r'Plugin.names\[1\] is "../b"; it must be a relative path'),
        (["/a"], r'Plugin.names\[0\] is "/a"; it must be a relative path'),
        ([""], r'Plugin.names\[0\] is ""; it must be a relative path'),
        (range(3), "Plugin.names must be a list with one name"),
        ([1, 2], "Plugin.names must be a list with one name"),
    ],
)
def test_a_plugin_with_invalid_names_is_refused(build, listed, message):
    with pytest.raises(HyperthumbError, match=message):
        build(listed)


@pytest.mark.parametrize("settings", [{}, {"max_images": 2}])
def test_a_plugin_whose_load_returns_another_name_is_refused(build, settings):
    source = build(["x/0001", "y/0001"], ["0001", "0001"], **settings)
    with pytest.raises(HyperthumbError, match=r'Plugin.load\(1\) returns the name "0001", but names\[1\] is "y/0001"'):
        source.load(1)


def test_names_are_checked_even_if_damaged_photographs_are_skipped(build):
    with pytest.raises(HyperthumbError, match=r"Plugin.load\(0\) returns the name"):
        build(["x/0001"], ["0001"], max_corrupt=3)
