import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from hyperthumb.base.errors import ThumbnailError
from hyperthumb.base.limits import PROFILES
from hyperthumb.jpeg.any_file import CHANGED, CUT, UNMARKED, read_any, recognize
from hyperthumb.jpeg.file import decode_rgb, read_jpeg, write_jpeg
from hyperthumb.jpeg.matching import State
from hyperthumb.jpeg.segments import segments
from tests.jpeg.other_programs import as_version_1, turned
from tests.jpeg.thumbnails import pillow_jpeg, same_content, shaded


def shown(thumbnail):
    plain = dataclasses.replace(thumbnail, hr_height=None, hr_width=None, scale=None, model_id=None)
    return decode_rgb(write_jpeg(plain, "default"))


@pytest.mark.parametrize("profile", PROFILES)
def test_an_unchanged_thumbnail_gives_no_note(profile):
    written = shaded()
    read, sentences = read_any(write_jpeg(written, profile))
    assert sentences == []
    assert same_content(read, written)


def test_a_444_file_keeps_its_coefficients():
    data = pillow_jpeg(subsampling=0, progressive=True)
    read, sentences = read_any(data)
    assert sentences == [UNMARKED]
    assert same_content(read, read_jpeg(data))


@pytest.mark.parametrize(
    ("mode", "options", "word"),
    [
        ("RGB", {"subsampling": 2}, "subsampled chroma"),
        ("RGB", {"subsampling": 1, "progressive": True}, "subsampled chroma"),
        ("RGB", {"keep_rgb": True}, "YCbCr"),
        ("L", {}, "grey"),
        ("RGB", {"subsampling": 0, "qtables": [[9] * 64, [9] * 64, [7] * 64]}, "different quantization tables"),
    ],
)
@pytest.mark.parametrize("size", [(64, 80), (61, 75)])
def test_other_files_keep_what_they_show(mode, options, word, size):
    data = pillow_jpeg(*size, mode=mode, **options)
    read, sentences = read_any(data)
    assert sentences[0] == UNMARKED
    assert word in sentences[1]
    assert (read.height, read.width, read.scale, read.intact) == (*size, None, None)
    difference = shown(read).astype(int) - decode_rgb(data)
    assert np.abs(difference).max() <= 3
    assert np.abs(difference).mean() < 0.6


def recompressed(data, keep_note, **options):
    """What a service makes of a file: decoded, perhaps resized, and written anew, with our segment or without."""
    picture = Image.open(io.BytesIO(data))
    size = options.pop("size", picture.size)
    buffer = io.BytesIO()
    picture.resize(size).save(buffer, "JPEG", **options)
    fresh = buffer.getvalue()
    note = next(part for part in segments(data) if part.marker == 0xE9)
    return fresh[:20] + data[note.start : note.end] * keep_note + fresh[20:]


@pytest.mark.parametrize("options", [{"quality": 60}, {"quality": 60, "subsampling": 0}, {"size": (40, 32)}], ids=str)
def test_a_recompressed_file_is_recognised(options):
    read, sentences = read_any(recompressed(write_jpeg(shaded()), True, **options))
    assert sentences[0] == CHANGED
    assert (read.scale, read.model_id, read.intact) == (4, b"\x0a\xbc\xde", False)
    assert (read.hr_height, read.hr_width) == (None, None)


@pytest.mark.parametrize("options", [{"quality": 60}, {"quality": 60, "subsampling": 0}], ids=str)
def test_a_recompressed_file_of_version_1_is_recognized_by_a_known_model(options):
    data = recompressed(as_version_1(write_jpeg(shaded())), True, **options)
    read, sentences = read_any(data, is_known=lambda model_id: model_id == b"\x0a\xbc\xde")
    assert (sentences[0], read.state, read.scale) == (CHANGED, State.CHANGED, 4)
    for is_known in (None, lambda model_id: False):
        read, sentences = read_any(data, is_known=is_known)
        assert (sentences[0], read.state, read.scale, read.model_id) == (UNMARKED, State.UNMARKED, None, None)


def test_a_turned_file_gives_a_note():
    (sentence,) = read_any(turned(write_jpeg(shaded(61, 75)), 8))[1]
    assert "turned by 90 degrees counterclockwise without loss" in sentence
    first, second = read_any(turned(write_jpeg(shaded(61, 75)), 2, trim=True))[1]
    assert first == CUT
    assert "mirrored left to right" in second


def test_recognizing_transforms_no_picture():
    read = recognize(recompressed(write_jpeg(shaded()), True))
    assert (read.state, read.scale, read.coefficients.size) == (State.CHANGED, 4, 0)
    assert recognize(pillow_jpeg()).state is State.UNMARKED
    assert same_content(recognize(write_jpeg(shaded())), shaded())


def test_a_file_without_a_marker_has_no_origin():
    read, sentences = read_any(recompressed(write_jpeg(shaded()), False, subsampling=0))
    assert sentences == [UNMARKED]
    assert (read.scale, read.model_id) == (None, None)


def test_a_flipped_bit_is_noticed():
    data = bytearray(write_jpeg(shaded(), "default"))
    data[-40] ^= 0x10
    try:
        _, sentences = read_any(bytes(data))
    except ThumbnailError:
        return
    assert sentences == [CHANGED]


def test_cmyk_is_refused_with_a_message():
    with pytest.raises(ThumbnailError, match="CMYK JPEG files are not supported"):
        read_any(pillow_jpeg(mode="CMYK"))
