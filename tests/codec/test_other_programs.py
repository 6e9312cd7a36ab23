"""Restoring what other programs made of a thumbnail: turned, cut, stripped, with an orientation in EXIF."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import hyperthumb
from hyperthumb.base.component import Component
from hyperthumb.base.errors import ThumbnailError
from hyperthumb.base.orientation import IN_WORDS
from hyperthumb.codec.codec import Codec
from hyperthumb.images.pictures import turn
from hyperthumb.models.build import build_network
from hyperthumb.models.file import LoadedModel, load_model
from hyperthumb.models.zoo import find_model
from hyperthumb.runtime.torch_engine import TorchEngine
from tests.codec.photographs import cropped, with_exif
from tests.jpeg.other_programs import ORIENTATIONS, as_version_1, sealed, turned, with_marker, without_marker
from tests.support import photograph, save_tiny_model

PHOTOGRAPH = photograph(131, 170, seed=1)  # of seed 0, the 8 bits of one check fit a trimmed file by chance


@pytest.fixture(scope="module")
def codecs(tmp_path_factory):
    """A codec of each scale."""
    folder = tmp_path_factory.mktemp("models")
    plain = build_network(Component("HyperThumbnail", {"quantization": Component("fixed", {"quality": 90})}), 1)
    tiny = {scale: load_model(save_tiny_model(folder / f"x{scale}.safetensors", scale=scale)) for scale in (2, 4, 8)}
    models = {1: LoadedModel(plain, "x1", 1, b"abc", {}), **tiny}
    return {scale: Codec(model, TorchEngine(model.network)) for scale, model in models.items()}


@pytest.fixture(scope="module")
def codec(codecs):
    return codecs[4]


@pytest.fixture(scope="module")
def data(codec):
    return codec.compress(PHOTOGRAPH)


@pytest.mark.parametrize("profile", ["small", "default"])
@pytest.mark.parametrize("scale", [1, 2, 4, 8])
def test_a_turned_thumbnail_gives_the_turned_photograph(codecs, scale, profile):
    for size in ((131, 170), (64 * scale, 96 * scale)):
        data = codecs[scale].compress(PHOTOGRAPH if size == (131, 170) else photograph(*size))
        upright = codecs[scale].restore(data)
        for orientation in ORIENTATIONS[1:]:
            restored = codecs[scale].restore_with_notes(turned(data, orientation, profile=profile))
            assert np.array_equal(restored.image, turn(upright, orientation))
            (note,) = restored.notes
            assert IN_WORDS[orientation] in note


def test_a_turned_thumbnail_of_version_1(codec, data):
    upright = codec.restore(as_version_1(data))
    assert np.array_equal(upright, codec.restore(data))
    restored = codec.restore_with_notes(turned(as_version_1(data), 7))
    assert np.array_equal(restored.image, turn(upright, 7))


def test_the_size_of_a_turned_photograph_is_given_as_it_is_seen(codec, data):
    sideways = turned(data, 6)
    assert codec.restore_with_notes(sideways, size=(170, 131)).image.shape == (170, 131, 3)
    with pytest.raises(ThumbnailError, match="the file says that the photograph is 131x170, not 170x131"):
        codec.restore(sideways, size=(131, 170))


@pytest.mark.parametrize("orientation", [2, 3, 4, 6, 7, 8])
def test_a_trimmed_thumbnail_is_turned_back(codec, data, orientation):
    restored = codec.restore_with_notes(turned(data, orientation, trim=True))
    cut, how, size = restored.notes
    assert "cut off" in cut
    assert IN_WORDS[orientation] in how
    height, width = restored.image.shape[:2]
    assert f"{width}x{height}, 4 times" in size
    upright = turn(restored.image, {6: 8, 8: 6}.get(orientation, orientation))
    inner = (slice(0, 100), slice(0, 130))  # beyond what the missing edge changes
    assert np.array_equal(upright[inner], codec.restore(data)[inner])


def test_a_cropped_thumbnail_restores_at_scale_times_its_size(codec, data):
    small = cropped(data, 3, 4)
    restored = codec.restore_with_notes(small)
    assert restored.image.shape == (96, 128, 3)
    changed, size = restored.notes
    assert "cropped" in changed
    assert "assumed to be 128x96" in size
    assert codec.restore_with_notes(small, size=(95, 126)).image.shape == (95, 126, 3)
    with pytest.raises(ThumbnailError, match="32x24 does not fit a photograph of 128x131 at scale 4"):
        codec.restore(small, size=(131, 128))


def test_a_stripped_thumbnail_says_what_is_assumed(codec, data):
    restored = codec.restore_with_notes(without_marker(data))
    assert np.array_equal(restored.image[:131, :170], codec.restore(data))
    assert [note for note in restored.notes if "did not write" in note] == []
    unmarked, size, model = restored.notes
    assert "has no hyperthumb marker" in unmarked
    assert "assumed to be 172x132" in size
    assert "model is assumed to be x4" in model


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_exif_orientation_is_applied(codec, data, orientation):
    restored = codec.restore_with_notes(with_exif(data, orientation))
    assert np.array_equal(restored.image, turn(codec.restore(data), orientation))
    assert restored.notes == []


@pytest.mark.parametrize("nonsense", [0, 9, 300])
def test_an_invalid_orientation_is_ignored(codec, data, nonsense):
    assert np.array_equal(codec.restore(with_exif(data, nonsense)), codec.restore(data))


def test_a_turned_picture_and_an_orientation_add_up(codec, data):
    for stored, shown in itertools.product((2, 6, 8), (5, 6)):
        restored = codec.restore_with_notes(with_exif(turned(data, stored), shown))
        assert np.array_equal(restored.image, turn(turn(codec.restore(data), stored), shown))
    size = codec.restore_with_notes(with_exif(turned(data, 6), 6), size=(131, 170)).image.shape
    assert size == (131, 170, 3)


def test_a_segment_of_another_program_is_not_a_marker(codec, data):
    foreign = b"\xff\xe9\x00\x0bHT\x12\x00\1\2\3\4\5"  # scale 2, a model that does not ship
    restored = codec.restore_with_notes(with_marker(data, foreign))
    assert restored.image.shape == (132, 172, 3)
    assert "has no hyperthumb marker" in restored.notes[0]
    with pytest.raises(ThumbnailError, match="2 times smaller"):
        codec.restore(with_marker(data, sealed(b"\x90\x00" + bytes(5))))


def test_a_changed_thumbnail_of_version_1_restores_with_the_model_that_ships(codec):
    maker = hyperthumb.load("lite_2x", device="cpu")
    assert find_model("lite_2x")
    small = cropped(as_version_1(maker.compress(PHOTOGRAPH)), 3, 4)
    restored = hyperthumb.load(device="cpu").restore_with_notes(small)
    assert restored.model.name == "lite_2x"
    assert restored.image.shape == (48, 64, 3)
    with pytest.raises(ThumbnailError, match="choose a model of scale 2"):
        codec.restore(small)
