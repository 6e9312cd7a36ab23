from __future__ import annotations

import numpy as np
import pytest
import torch

from hyperthumb.base.errors import CorruptImageError, HyperthumbError, UnusableImageError
from hyperthumb.config import Component, DatasetOptions
from hyperthumb.data import HRImageDataset, ImagePair, ImageSource, TrainingSet
from hyperthumb.data.order import image_index
from hyperthumb.data.training_set import collate
from tests.support import photograph, write_photographs


class Photographs(ImageSource):
    """Generated photographs of increasing size. Those in `damaged` fail; with `paired` they have thumbnails."""

    def __init__(self, count: int, damaged: tuple[int, ...] = (), paired: bool = False, size: int = 41) -> None:
        self.names = [f"photo{number}" for number in range(count)]
        self.damaged, self.paired, self.start = set(damaged), paired, size

    def load(self, index: int) -> ImagePair:
        if index in self.damaged:
            raise CorruptImageError(f"photo{index}: damaged")
        hr = photograph(self.start + index, self.start + 2 * index, index)
        return ImagePair(self.names[index], hr, hr[::4, ::4] if self.paired else None)


def training_set(source: ImageSource, seed: int = 1, scale: int = 4, **options) -> TrainingSet:
    settings = DatasetOptions(Component("HRImageDataset", {}), "train", gt_size=32, num_worker_per_gpu=0, **options)
    return TrainingSet(source, settings, scale, seed)


def same(a, b) -> bool:
    return a.name == b.name and np.array_equal(a.hr, b.hr)


def test_a_sample_is_a_crop_of_the_photograph_at_its_place():
    samples = training_set(Photographs(5), use_flip=False, use_rot=False)
    for position in range(12):
        sample = samples[position]
        index = image_index(1, position, 5)
        assert sample.name == f"photo{index}"
        windows = np.lib.stride_tricks.sliding_window_view(samples.source.load(index).hr, (32, 32, 3))
        assert (windows == sample.hr).all((3, 4, 5)).any()
        assert sample.hr.dtype == np.uint8


def test_samples_depend_only_on_seed_and_place():
    first, second, other = (training_set(Photographs(5), seed=seed) for seed in (1, 1, 2))
    backwards = {position: second[position] for position in reversed(range(10))}
    assert all(same(first[position], backwards[position]) for position in range(10))
    assert not all(same(first[position], other[position]) for position in range(10))


def test_a_photograph_gets_a_new_crop_in_each_epoch():
    samples = training_set(Photographs(1))
    assert not all(same(samples[0], samples[position]) for position in range(1, 4))


def test_references_show_the_same_crop():
    """The thumbnails are every fourth pixel, so without flips the thumbnails' crops are, too."""
    samples = training_set(Photographs(4, paired=True), use_flip=False, use_rot=False)
    turned = training_set(Photographs(4, paired=True))
    for position in range(20):
        _, hr, reference = samples[position]
        assert reference.shape == (8, 8, 3)
        np.testing.assert_array_equal(reference, hr[::4, ::4])
        # A turn of the crop takes the pixel grid along: one of the four phases of each side matches.
        _, hr, reference = turned[position]
        phases = [hr[top::4, left::4] for top in (0, 3) for left in (0, 3)]
        assert any(np.array_equal(reference, phase) for phase in phases)


def test_a_thumbnail_of_another_scale_is_an_error():
    with pytest.raises(
        HyperthumbError, match=r"photo0: its thumbnail is 11x11; at scale 2 the thumbnail of 41x41 must be 21x21"
    ):
        training_set(Photographs(1, paired=True), scale=2)[0]


def test_the_error_for_a_damaged_photograph_names_it():
    with pytest.raises(CorruptImageError, match="photo2: damaged"):
        [training_set(Photographs(3, damaged=(2,)))[position] for position in range(3)]


def test_a_skipped_photograph_is_replaced_by_the_next_one_of_the_epoch():
    whole = training_set(Photographs(6))
    skipping = training_set(Photographs(6, damaged=(1, 4)), on_corrupt="skip")
    with pytest.warns(UserWarning, match="damaged"):
        shown = [skipping[position] for position in range(12)]
    for position, sample in enumerate(shown):
        expected = image_index(1, position, 6)
        epoch, place = divmod(position, 6)
        while expected in (1, 4):
            place = (place + 1) % 6
            expected = image_index(1, epoch * 6 + place, 6)
        assert sample.name == f"photo{expected}"
        if image_index(1, position, 6) not in (1, 4):
            assert same(sample, whole[position])


def test_skipping_does_not_depend_on_earlier_places():
    first = training_set(Photographs(6, damaged=(1, 4)), on_corrupt="skip")
    second = training_set(Photographs(6, damaged=(1, 4)), on_corrupt="skip")
    with pytest.warns(UserWarning, match="damaged"):
        forwards = [first[position] for position in range(12)]
    with pytest.warns(UserWarning, match="damaged"):
        backwards = [second[position] for position in reversed(range(12))]
    assert all(same(a, b) for a, b in zip(forwards, reversed(backwards), strict=True))


def test_there_is_one_warning_per_damaged_photograph(recwarn):
    skipping = training_set(Photographs(6, damaged=(1, 4)), on_corrupt="skip")
    for position in range(24):
        skipping[position]
    assert sorted(str(warning.message) for warning in recwarn) == [
        "skipped, 1 of at most 10: photo1: damaged",
        "skipped, 2 of at most 10: photo4: damaged",
    ]


@pytest.mark.filterwarnings("ignore:skipped")
def test_more_bad_photographs_than_max_corrupt_are_an_error():
    skipping = training_set(Photographs(6, damaged=(0, 1, 4)), on_corrupt="skip", max_corrupt=2)
    with pytest.raises(UnusableImageError, match="damaged; this is more than max_corrupt = 2"):
        [skipping[position] for position in range(6)]
    skipping = training_set(Photographs(6, damaged=(0, 1, 4)), on_corrupt="skip", max_corrupt=3)
    assert len([skipping[position] for position in range(6)]) == 6


@pytest.mark.filterwarnings("ignore:skipped")
def test_a_set_without_usable_photographs_is_an_error():
    with pytest.raises(UnusableImageError, match="every photograph"):
        training_set(Photographs(3, damaged=(0, 1, 2)), on_corrupt="skip")[0]


def test_small_photographs_are_named_before_training(tmp_path):
    write_photographs(tmp_path / "large", 1, 32, 40)
    write_photographs(tmp_path / "small", 12, 31, 40)
    (tmp_path / "damaged.png").write_bytes(b"no picture")
    source = HRImageDataset(str(tmp_path))
    with pytest.raises(HyperthumbError) as caught:
        training_set(source).check_headers()
    lines = str(caught.value).splitlines()
    assert lines[0].endswith("damaged.png: it is not a picture, or its header is damaged")
    assert lines[1] == "small/photo0: 40x31 is too small for training crops of 32x32"
    remedy = "give smaller crops (gt_size), or pass over such pictures (on_corrupt: skip)"
    assert (len(lines), lines[10:]) == (12, ["... and 3 more", remedy])


def test_small_photographs_are_skipped_if_the_options_say_so(recwarn):
    skipping = training_set(Photographs(6, damaged=(1,), size=30), on_corrupt="skip", max_corrupt=3)
    skipping.check_headers()
    assert [str(warning.message).split(":")[1] for warning in recwarn] == [" photo0", " photo1"]
    assert {skipping[position].name for position in range(12)} == {"photo2", "photo3", "photo4", "photo5"}
    with pytest.raises(UnusableImageError, match="more than max_corrupt = 1"):
        training_set(Photographs(6, damaged=(1,), size=30), on_corrupt="skip", max_corrupt=1).check_headers()


def test_a_small_photograph_is_an_error_during_training():
    with pytest.raises(HyperthumbError, match="photo0: 20x20 is too small for training crops of 32x32"):
        training_set(Photographs(1, size=20))[0]


@pytest.mark.parametrize("paired", [False, True])
def test_samples_are_stacked_to_batches(paired):
    samples = training_set(Photographs(4, paired=paired))
    batch = collate([samples[position] for position in range(3)], [0, 1, 2])
    assert batch.hr.shape == (3, 3, 32, 32)
    assert batch.hr.dtype == torch.uint8
    assert batch.hr.is_contiguous()
    assert batch.places == [0, 1, 2]
    assert batch.names == [samples[position].name for position in range(3)]
    np.testing.assert_array_equal(batch.hr[2].permute(1, 2, 0), samples[2].hr)
    if paired:
        assert batch.reference.shape == (3, 3, 8, 8)
        np.testing.assert_array_equal(batch.reference[1].permute(1, 2, 0), samples[1].reference)
    else:
        assert batch.reference is None
