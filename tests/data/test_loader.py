"""Loaders with real worker processes: results must not depend on the division of work or on the starting point."""

from __future__ import annotations

import os
import shutil
import signal
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import get_worker_info

from data_sets.lmdb_writer import write_lmdb
from hyperthumb.base.errors import HyperthumbError, OptionsWarning, UnusableImageError
from hyperthumb.base.registry import DATASETS
from hyperthumb.config import Component, DatasetOptions
from hyperthumb.data import (
    HRImageDataset,
    ImagePair,
    ImageSource,
    TrainingBatch,
    TrainingLoader,
    build_source,
    build_training_loader,
    write_png,
)
from hyperthumb.data import loader as loading
from hyperthumb.data.order import BatchPositions, image_index
from tests.support import photograph, write_photographs

SHARE = ("start_iteration", "total_iterations", "batch_size", "rank", "world_size", "accumulate")


@pytest.fixture
def photos(tmp_path):
    for number in range(5):
        write_photographs(tmp_path / "photos" / str(number), 1, 40 + number, 50 - number, seed=number)
    return tmp_path / "photos"


def folder_of(photos: object, kind: str = "HRImageDataset", **arguments: object) -> Component:
    return Component(kind, {"dataroot_gt": str(photos), **arguments})


def loader(source: Component, **changes: Any) -> TrainingLoader:
    """Loads batches of three crops. `changes`: settings of `BatchPositions` and `DatasetOptions`, and the seed."""
    settings = {"start_iteration": 0, "total_iterations": 6, "batch_size": 3, "num_worker_per_gpu": 0, "gt_size": 32}
    settings |= changes
    seed = settings.pop("seed", 7)
    positions = BatchPositions(**{name: settings.pop(name) for name in SHARE if name in settings})
    return build_training_loader(DatasetOptions(source, "train", **settings), positions, 4, seed)


def batches(source: Component, **changes: Any) -> list[TrainingBatch]:
    return list(loader(source, **changes))


def assert_same(a: list[TrainingBatch], b: list[TrainingBatch]) -> None:
    assert len(a) == len(b)
    for ours, theirs in zip(a, b, strict=True):
        assert ours.names == theirs.names
        assert torch.equal(ours.hr, theirs.hr)
        assert (ours.reference is None) == (theirs.reference is None)
        if ours.reference is not None:
            assert torch.equal(ours.reference, theirs.reference)


def test_batches_do_not_depend_on_workers_cache_or_store(photos, tmp_path):
    folder = folder_of(photos)
    plain = batches(folder)
    assert [batch.hr.shape for batch in plain] == [(3, 3, 32, 32)] * 6
    assert len({tuple(batch.names) for batch in plain}) > 1
    assert_same(plain, batches(folder, num_worker_per_gpu=1))
    assert_same(plain, batches(folder, num_worker_per_gpu=2))
    assert_same(plain, batches(folder, cache="ram"))
    assert_same(plain, batches(folder, cache="ram", num_worker_per_gpu=2))
    with pytest.warns(OptionsWarning):
        assert_same(plain, batches(folder, cache="ram", cache_limit_gb=0))
    write_lmdb(HRImageDataset(str(photos)), tmp_path / "photos.lmdb")
    stored = folder_of(tmp_path / "photos.lmdb", io_backend={"type": "lmdb"})
    assert_same(plain, batches(stored, num_worker_per_gpu=2))


@pytest.mark.parametrize("num_workers", [0, 2])
@pytest.mark.parametrize("start", [1, 4, 6])
def test_a_resumed_run_continues_with_the_same_batches(photos, num_workers, start):
    folder = folder_of(photos)
    whole = batches(folder, accumulate=2)
    rest = batches(folder, accumulate=2, start_iteration=start, num_worker_per_gpu=num_workers)
    assert len(rest) == (6 - start) * 2
    assert_same(whole[start * 2 :], rest)


def test_a_longer_run_starts_with_the_batches_of_a_shorter_one(photos):
    folder = folder_of(photos)
    assert_same(batches(folder), batches(folder, total_iterations=9)[:6])


@pytest.mark.parametrize("num_workers", [0, 2])
def test_processes_and_micro_batches_divide_one_large_batch(photos, num_workers):
    folder = folder_of(photos)
    whole = batches(folder, batch_size=12)
    ranks = [
        batches(folder, rank=rank, world_size=2, accumulate=2, num_worker_per_gpu=num_workers, start_iteration=2)
        for rank in range(2)
    ]
    for iteration in range(2, 6):
        parts = [ranks[rank][(iteration - 2) * 2 + micro] for micro in range(2) for rank in range(2)]
        assert [name for part in parts for name in part.names] == whole[iteration].names
        assert torch.equal(torch.cat([part.hr for part in parts]), whole[iteration].hr)


def test_pairs_are_loaded_with_their_thumbnails(photos, tmp_path):
    for number in range(5):
        small = photograph(40 + number, 50 - number, number)[::4, ::4]
        (tmp_path / "small" / str(number)).mkdir(parents=True)
        write_png(tmp_path / "small" / str(number) / "photo0.png", small)
    pairs = folder_of(photos, "PairedImageDataset", dataroot_lq=str(tmp_path / "small"))
    plain = batches(pairs)
    assert plain[0].reference.shape == (3, 3, 8, 8)
    assert_same(plain, batches(pairs, num_worker_per_gpu=2))
    assert_same(plain, batches(pairs, num_worker_per_gpu=2, cache="ram"))


def test_batches_depend_on_the_seed(photos):
    folder = folder_of(photos)
    assert not all(torch.equal(a.hr, b.hr) for a, b in zip(batches(folder), batches(folder, seed=8), strict=True))


def test_global_random_numbers_are_neither_used_nor_changed(photos):
    folder = folder_of(photos)
    torch.manual_seed(0)
    np.random.seed(0)
    before = torch.get_rng_state()
    first = batches(folder, num_worker_per_gpu=2)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(1)
    np.random.seed(1)
    assert_same(first, batches(folder, num_worker_per_gpu=0))


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_damaged_photograph_ends_the_run_with_a_message(photos, num_workers):
    (photos / "3/photo0.png").write_bytes((photos / "3/photo0.png").read_bytes()[:2000])
    folder = folder_of(photos)
    with pytest.raises(UnusableImageError, match=r"3/photo0\.png: the picture is damaged") as caught:
        batches(folder, num_worker_per_gpu=num_workers)
    assert "Traceback" not in str(caught.value)
    with pytest.raises(UnusableImageError, match=r"3/photo0\.png"):
        loader(folder, cache="ram", num_worker_per_gpu=num_workers)


@pytest.mark.filterwarnings("ignore:skipped")
def test_skipping_does_not_depend_on_the_number_of_workers(photos):
    for number in (1, 3):
        (photos / f"{number}/photo0.png").write_bytes(b"no picture")
    folder = folder_of(photos)
    plain = batches(folder, on_corrupt="skip")
    assert {name for batch in plain for name in batch.names} == {"0/photo0", "2/photo0", "4/photo0"}
    assert_same(plain, batches(folder, on_corrupt="skip", num_worker_per_gpu=2))
    assert_same(plain, batches(folder, on_corrupt="skip", num_worker_per_gpu=2, cache="ram"))
    assert_same(plain[3:], batches(folder, on_corrupt="skip", num_worker_per_gpu=1, start_iteration=3))


@pytest.mark.filterwarnings("ignore:skipped")
@pytest.mark.parametrize("num_workers", [0, 2])
def test_max_corrupt_counts_over_all_workers(photos, num_workers):
    """Of two workers, one loads the even places and one the odd places, so each finds one of the bad photographs."""
    for place in (0, 3):
        (photos / f"{image_index(7, place, 5)}/photo0.png").write_bytes(b"no picture")
    folder = folder_of(photos)
    settings = {"on_corrupt": "skip", "num_worker_per_gpu": num_workers, "batch_size": 1, "total_iterations": 5}
    assert len(batches(folder, max_corrupt=2, **settings)) == 5
    with pytest.raises(UnusableImageError, match="more than max_corrupt = 1"):
        batches(folder, max_corrupt=1, **settings)


def test_small_photographs_are_refused_before_anything_is_cached(photos):
    with pytest.raises(HyperthumbError, match=r"4/photo0: 46x44 is too small") as caught:
        batches(folder_of(photos), gt_size=48, cache="ram")
    *pictures, remedy = str(caught.value).splitlines()
    assert len(pictures) == 5
    assert "give smaller crops (gt_size)" in remedy


@DATASETS.register()
class NotASource:
    """A class that is not a data set."""


@DATASETS.register()
class WhoLoads(ImageSource):
    """A photograph whose color encodes which process decoded it and whether that process ignores SIGINT."""

    names = ("a",)

    def load(self, index: int) -> ImagePair:
        ignored = get_worker_info() is not None and signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        color = np.frombuffer((os.getpid() | ignored << 23).to_bytes(3, "big"), np.uint8)  # pids have 22 bits
        return ImagePair("a", np.broadcast_to(color, (32, 32, 3)), None)


def test_workers_decode_and_ignore_interrupts():
    found = batches(Component("WhoLoads", {}), num_worker_per_gpu=2)
    colors = {int.from_bytes(bytes(color), "big") for batch in found for color in batch.hr[:, :, 0, 0].tolist()}
    assert len(colors) == 2
    assert all(color >> 23 for color in colors)
    assert os.getpid() not in {color & (1 << 22) - 1 for color in colors}


def test_stopping_early_ends_the_workers(photos):
    folder = folder_of(photos)
    iterator = iter(loader(folder, total_iterations=1000, num_worker_per_gpu=2))
    next(iterator)
    workers = [child.pid for child in torch.multiprocessing.active_children()]
    assert len(workers) == 2
    iterator.close()
    assert torch.multiprocessing.active_children() == []


def test_the_length_is_the_number_of_micro_batches(photos):
    folder = folder_of(photos)
    rest = loader(folder, total_iterations=10, start_iteration=3, accumulate=2)
    assert len(rest) == len(list(rest)) == 14


def test_build_source_opens_the_named_data_set(photos):
    folder = folder_of(photos)
    assert build_source(folder).names == [f"{number}/photo0" for number in range(5)]
    assert build_source(folder, max_images=2).names == ["0/photo0", "1/photo0"]
    assert build_source(folder, max_images=9).names == build_source(folder).names
    names = {name for batch in batches(folder, max_images=2) for name in batch.names}
    assert names == {"0/photo0", "1/photo0"}
    with pytest.raises(HyperthumbError, match=r'"NotASource" is not a hyperthumb\.data\.ImageSource'):
        build_source(Component("NotASource", {}))


def test_batches_have_the_expected_shapes_and_types(photos):
    batch = batches(folder_of(photos))[0]
    assert isinstance(batch, TrainingBatch)
    assert isinstance(batch.hr, Tensor)
    assert batch.reference is None
    assert all(isinstance(name, str) for name in batch.names)


def test_several_folders_are_joined_and_a_folder_can_be_listed_twice(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, value in ((first, 10), (second, 200)):
        folder.mkdir()
        write_png(folder / "0001.png", np.full((32, 32, 3), value, np.uint8))
    source = HRImageDataset([str(first), str(second), str(second)])
    assert source.names == ["first/0001", "second/0001", "second-2/0001"]
    assert [int(source.load(index).hr[0, 0, 0]) for index in range(3)] == [10, 200, 200]
    with pytest.raises(HyperthumbError, match="empty"):
        HRImageDataset([])


@pytest.mark.parametrize(
    ("num_workers", "iterations", "batches_there"), [(2, 100, 10), (3, 100, 15), (2, 4, 4)], ids=str
)
def test_too_little_shared_memory_gives_a_warning(photos, monkeypatch, num_workers, iterations, batches_there):
    """If batches do not fit into shared memory, they never arrive and the run hangs."""
    folder = folder_of(photos)
    needed = batches_there * 3 * 3 * (32 * 32 + 8 * 8)
    size = f"{needed / 2**20:.1f}"
    asked = []

    def open_with(free: int, workers: int) -> None:
        def usage(path: object) -> SimpleNamespace:
            asked.append(str(path))
            return SimpleNamespace(free=free)

        monkeypatch.setattr(shutil, "disk_usage", usage)
        loader(folder, total_iterations=iterations, num_worker_per_gpu=workers)

    with pytest.warns(
        OptionsWarning, match=rf"{num_workers} data workers .* {size} MiB of .* has {size} MiB free.*--shm-size"
    ):
        open_with(needed - 1, num_workers)
    assert asked == ["/dev/shm"]
    open_with(needed, num_workers)  # a warning would be an error here
    open_with(0, 0)


def test_the_warning_counts_the_bytes_of_a_batch(photos):
    """The bytes are counted from batches of a loader."""
    batch = batches(folder_of(photos))[0]
    assert batch.hr.nbytes == 3 * 3 * 32 * 32


def test_without_a_shared_memory_folder_there_is_no_warning(photos, monkeypatch, tmp_path):
    monkeypatch.setattr(loading, "SHARED_MEMORY", tmp_path / "none")
    folder = folder_of(photos)
    loader(folder, total_iterations=9, num_worker_per_gpu=2)
