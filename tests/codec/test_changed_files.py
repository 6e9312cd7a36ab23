"""Thumbnails of other models, and thumbnails that other programs have changed."""

from __future__ import annotations

import numpy as np
import pytest

import hyperthumb
from hyperthumb.base.errors import ThumbnailError
from hyperthumb.jpeg.file import read_jpeg, write_jpeg
from tests.codec.photographs import PHOTOGRAPH, error, recompressed, restore_with_warnings
from tests.support import save_tiny_model


def test_another_model_s_thumbnail_restores_with_a_warning(codec, data, tmp_path):
    other = hyperthumb.load(save_tiny_model(tmp_path / "other.safetensors", seed=1), device="cpu")
    image, said = restore_with_warnings(other, data)
    assert image.shape == PHOTOGRAPH.shape
    assert f"another model ({codec.model.model_id.hex()}) than other ({other.model.model_id.hex()})" in said


def test_a_thumbnail_of_another_scale_is_refused(data, tmp_path):
    double = hyperthumb.load(save_tiny_model(tmp_path / "double.safetensors", scale=2), device="cpu")
    with pytest.raises(ThumbnailError, match=r"4 times smaller .* enlarges 2 times; choose a model of scale 4"):
        double.restore(data)


def test_a_file_without_its_marker_restores_the_same_when_the_size_is_given(codec, data):
    thumbnail = read_jpeg(data)
    bare = write_jpeg(type(thumbnail)(thumbnail.coefficients, thumbnail.tables, thumbnail.height, thumbnail.width))
    image, said = restore_with_warnings(codec, bare, size=(131, 170))
    assert np.array_equal(image, codec.restore(data))
    assert "has no hyperthumb marker" in said
    assert "the model is assumed to be tiny" in said
    assert "photograph is assumed to be" not in said
    assumed, said = restore_with_warnings(codec, bare)
    assert assumed.shape == (132, 172, 3)
    assert "assumed to be 172x132, 4 times" in said
    assert np.array_equal(assumed[:131, :170], image)
    for size in ((128, 170), (133, 170), (131, 173)):
        with pytest.raises(ThumbnailError, match=f"43x33 does not fit a photograph of {size[1]}x{size[0]}"):
            codec.restore(bare, size=size)
    with pytest.raises(ThumbnailError, match="170x131, not 172x132"):
        codec.restore(data, size=(132, 172))


@pytest.mark.parametrize(
    ("mode", "settings"),
    [("RGB", {"subsampling": 0, "quality": 95}), ("RGB", {"subsampling": 2, "quality": 90}), ("L", {"quality": 95})],
)
def test_recompressed_files_restore_with_a_warning(codec, data, mode, settings):
    image, said = restore_with_warnings(codec, recompressed(data, mode, **settings))
    assert "assumed to be 172x132" in said
    expected = codec.restore(data)
    if mode == "L":
        expected = (expected @ [0.299, 0.587, 0.114])[..., None].repeat(3, axis=2)
    assert error(image[:131, :170], expected) < 12


def test_notes_and_warnings_are_the_same(codec, data):
    assert codec.restore_with_notes(data).notes == []
    other = recompressed(data)
    _, said = restore_with_warnings(codec, other)
    assert "\n".join(codec.restore_with_notes(other).notes) == said
