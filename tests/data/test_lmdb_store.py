from __future__ import annotations

import importlib
import multiprocessing

import numpy as np
import pytest
from PIL import Image

from data_sets.lmdb_writer import write_lmdb
from hyperthumb.base.basicsr_bridge import prepare_import
from hyperthumb.base.errors import CorruptImageError, HyperthumbError, UnusableImageError
from hyperthumb.data import HRImageDataset, PairedImageDataset
from tests.support import photograph, write_photographs

LMDB = {"type": "lmdb"}


@pytest.fixture
def folder(tmp_path):
    write_photographs(tmp_path / "photos", 3, 23, 31)
    write_photographs(tmp_path / "photos" / "more", 1, 40, 17, seed=9)
    return tmp_path / "photos"


@pytest.fixture
def store(folder, tmp_path):
    write_lmdb(HRImageDataset(str(folder)), tmp_path / "photos.lmdb")
    return tmp_path / "photos.lmdb"


def test_a_store_equals_the_folder_it_was_made_from(folder, store):
    on_disk, stored = HRImageDataset(str(folder)), HRImageDataset(str(store), LMDB)
    assert stored.names == on_disk.names == ["more/photo0", "photo0", "photo1", "photo2"]
    for index in range(4):
        np.testing.assert_array_equal(stored.load(index).hr, on_disk.load(index).hr)
        assert stored.size(index) == on_disk.size(index)


def test_basicsr_reads_our_stores(folder, store):
    prepare_import()
    paths = importlib.import_module("basicsr.data.data_util").paths_from_lmdb(str(store))
    utils = importlib.import_module("basicsr.utils")
    client = utils.FileClient("lmdb", db_paths=[str(store)], client_keys=["gt"])
    assert sorted(paths) == HRImageDataset(str(folder)).names
    bgr = utils.imfrombytes(client.get("photo1", "gt"))
    np.testing.assert_array_equal(bgr[..., ::-1], photograph(23, 31, 1))
    assert (store / "meta_info.txt").read_text().splitlines()[1] == "photo0.png (23,31,3) 1"


def test_we_read_stores_of_basicsr(folder, tmp_path):
    prepare_import()
    make = importlib.import_module("basicsr.utils.lmdb_util").make_lmdb_from_imgs
    target = tmp_path / "theirs.lmdb"
    names = ["photo2", "photo0", "photo1"]
    make(str(folder), str(target), [f"{name}.png" for name in names], names)
    source = HRImageDataset(str(target), LMDB)
    assert source.names == sorted(names)
    for index in range(3):
        np.testing.assert_array_equal(source.load(index).hr, photograph(23, 31, index))


def test_photographs_and_thumbnails_can_come_from_stores(tmp_path):
    for name, height, width in (("hr", 32, 40), ("lr", 8, 10)):
        write_lmdb(HRImageDataset(str(write_photographs(tmp_path / name, 2, height, width))), tmp_path / f"{name}.lmdb")
    source = PairedImageDataset(str(tmp_path / "hr.lmdb"), str(tmp_path / "lr.lmdb"), io_backend=LMDB)
    np.testing.assert_array_equal(source.load(1).reference, photograph(8, 10, 1))


def read_into(queue, source):
    queue.put(source.load(0).hr)


def test_a_store_can_be_read_after_a_fork_and_by_two_readers(store):
    source, second = HRImageDataset(str(store), LMDB), HRImageDataset(str(store), LMDB)
    expected = source.load(0).hr
    np.testing.assert_array_equal(second.load(0).hr, expected)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=read_into, args=(queue, source))
    child.start()
    np.testing.assert_array_equal(queue.get(timeout=30), expected)
    child.join()
    assert child.exitcode == 0
    np.testing.assert_array_equal(source.load(0).hr, expected)


def test_a_store_has_room_for_incompressible_pictures(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (700, 700, 3), dtype=np.uint8)
    (tmp_path / "in").mkdir()
    for number in range(20):
        Image.fromarray(noise).save(tmp_path / f"in/{number:02}.bmp")
    write_lmdb(HRImageDataset(str(tmp_path / "in")), tmp_path / "out.lmdb", compress_level=0)
    np.testing.assert_array_equal(HRImageDataset(str(tmp_path / "out.lmdb"), LMDB).load(19).hr, noise)


def test_a_store_is_written_atomically(folder, tmp_path):
    (folder / "z.png").write_bytes(b"no picture")
    with pytest.raises(CorruptImageError, match=r"z\.png"):
        write_lmdb(HRImageDataset(str(folder)), tmp_path / "new.lmdb")
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_invalid_targets_are_refused(folder, store, tmp_path):
    source = HRImageDataset(str(folder))
    with pytest.raises(HyperthumbError, match="already exists"):
        write_lmdb(source, store)
    with pytest.raises(HyperthumbError, match=r"must end in \.lmdb"):
        write_lmdb(source, tmp_path / "store")


def test_other_folders_are_refused(store, tmp_path):
    (tmp_path / "empty.lmdb").mkdir()
    with pytest.raises(HyperthumbError, match="not an LMDB store"):
        HRImageDataset(str(tmp_path / "empty.lmdb"), LMDB)
    with pytest.raises(HyperthumbError, match=r"needs \{type: lmdb\}"):
        HRImageDataset(str(store))
    meta = store / "meta_info.txt"
    text = meta.read_text()
    meta.write_text(text + "absent.png (5,6,3) 1\n")
    source = HRImageDataset(str(store), LMDB)
    with pytest.raises(CorruptImageError, match="absent: is listed in"):
        source.load(source.names.index("absent"))
    meta.write_text(text + "what is this\n")
    with pytest.raises(HyperthumbError, match=r"meta_info\.txt:5"):
        HRImageDataset(str(store), LMDB)
    meta.write_text(text, encoding="utf-8-sig")  # as some editors save it
    assert len(HRImageDataset(str(store), LMDB)) == len(source) - 1
    meta.write_text("ä.png (5,6,3) 1\n", encoding="latin-1")
    with pytest.raises(HyperthumbError, match=r"meta_info\.txt: is not UTF-8 text"):
        HRImageDataset(str(store), LMDB)
    meta.write_text("")
    with pytest.raises(HyperthumbError, match="contains no pictures"):
        HRImageDataset(str(store), LMDB)


def cut(store, length, filled_to=None):
    """Truncates a store as an interrupted copy does. Some programs allocate the whole file before they copy."""
    with open(store / "data.mdb", "r+b") as file:
        file.truncate(length)
        if filled_to is not None:
            file.truncate(filled_to)


@pytest.mark.parametrize("length", [0, 100, 4096, 4300, 8192, 20000, -1])
def test_opening_a_truncated_store_is_an_error(store, length):
    """Without the check, reading it would end the process with SIGBUS."""
    whole = (store / "data.mdb").stat().st_size
    cut(store, length % whole)
    with pytest.raises(HyperthumbError, match=r"photos\.lmdb.*copy the store again") as caught:
        HRImageDataset(str(store), LMDB)
    if length % whole > 2 * 4096:
        assert f"is truncated: it has {length % whole:,} of {whole:,} bytes" in str(caught.value)


def test_reading_a_store_that_was_truncated_after_opening_is_an_error(store):
    source = HRImageDataset(str(store), LMDB)
    cut(store, 9000)
    with pytest.raises(HyperthumbError, match="is truncated") as caught:
        source.load(0)
    assert not isinstance(caught.value, UnusableImageError), "no picture can be had; skipping one does not help"


def test_reading_a_store_that_ends_in_zeros_is_an_error(store):
    cut(store, 9000, (store / "data.mdb").stat().st_size)
    with pytest.raises(HyperthumbError, match="cannot be read"):
        HRImageDataset(str(store), LMDB).load(0)


def test_names_that_a_store_cannot_hold_are_refused(tmp_path):
    folders = "/".join(["n" * 200] * 3)
    write_photographs(tmp_path / "in" / folders, 1)
    with pytest.raises(HyperthumbError, match=r"photo0: cannot be stored \(.*MDB_BAD_VALSIZE"):
        write_lmdb(HRImageDataset(str(tmp_path / "in")), tmp_path / "out.lmdb")
    assert not (tmp_path / "out.lmdb").exists()
