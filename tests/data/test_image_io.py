from __future__ import annotations

import io
import os
import threading

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from hyperthumb.base.errors import CorruptImageError, HyperthumbError
from hyperthumb.data.image_io import encode_png, list_images, read_image, read_size, write_png
from hyperthumb.images.pictures import decode_picture
from tests.support import photograph

PICTURE = photograph(37, 53)


def encoded(image: Image.Image, kind: str = "PNG", **settings: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


def decode_image(data: bytes, label: str) -> np.ndarray:
    return decode_picture(data, label).pixels


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(Image.fromarray(PICTURE), "PNG", exif=exif)


@pytest.mark.parametrize(("kind", "lossless"), [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("WEBP", {"lossless": True})])
def test_lossless_formats_are_read_unchanged(kind, lossless):
    array = decode_image(encoded(Image.fromarray(PICTURE), kind, **lossless), "x")
    assert array.dtype == np.uint8
    assert array.flags.c_contiguous
    np.testing.assert_array_equal(array, PICTURE)


def test_jpeg_is_decoded_as_by_pillow():
    data = encoded(Image.fromarray(PICTURE), "JPEG", quality=90)
    np.testing.assert_array_equal(decode_image(data, "x"), np.asarray(Image.open(io.BytesIO(data))))


def test_grey_becomes_three_equal_planes():
    grey = PICTURE[..., 0]
    array = decode_image(encoded(Image.fromarray(grey)), "x")
    np.testing.assert_array_equal(array, np.stack([grey] * 3, axis=2))


def test_palette_colors_are_looked_up():
    palette = Image.fromarray(PICTURE).quantize(16)
    np.testing.assert_array_equal(decode_image(encoded(palette), "x"), np.asarray(palette.convert("RGB")))


def test_sixteen_bit_grey_keeps_its_high_byte():
    samples = (PICTURE[..., 0].astype(np.uint16) << 8) | 0xAB
    array = decode_image(encoded(Image.fromarray(samples)), "x")
    np.testing.assert_array_equal(array, np.stack([PICTURE[..., 0]] * 3, axis=2))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, orientation):
    # What each value asks for, by the EXIF standard: flips of the stored picture, then (from 5 on) a transposition.
    upright = PICTURE.transpose(1, 0, 2) if orientation >= 5 else PICTURE
    if orientation in (2, 3, 6, 7):
        upright = upright[:, ::-1]
    if orientation in (3, 4, 7, 8):
        upright = upright[::-1]
    path = tmp_path / "x.png"
    path.write_bytes(turned(orientation))
    np.testing.assert_array_equal(read_image(path), upright)
    assert read_size(path) == upright.shape[:2]


def test_the_size_of_a_png_is_read_without_decoding_and_respects_late_exif_data(tmp_path, monkeypatch):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (30, 20)).save(tmp_path / "first.png", exif=exif)
    data = (tmp_path / "first.png").read_bytes()
    start = data.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(data[start : start + 4], "big")
    last = data.index(b"IEND") - 4
    assert start < data.index(b"IDAT") < last
    (tmp_path / "last.png").write_bytes(data[:start] + data[end:last] + data[start:end] + data[last:])
    Image.new("RGB", (30, 20)).save(tmp_path / "none.png")
    sizes = {name: read_size(tmp_path / f"{name}.png") for name in ("first", "last", "none")}
    assert sizes == {"first": (30, 20), "last": (30, 20), "none": (20, 30)}

    (tmp_path / "cut.png").write_bytes(data[: len(data) - 20])
    with pytest.raises(CorruptImageError, match="its end is missing"):
        read_size(tmp_path / "cut.png")

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", lambda image: pytest.fail("decoded"))
    assert read_size(tmp_path / "first.png") == (30, 20)
    assert read_size(tmp_path / "none.png") == (20, 30)


def test_opaque_alpha_is_dropped_and_transparency_is_refused():
    alpha = np.full((37, 53, 1), 255, np.uint8)
    rgba = np.concatenate([PICTURE, alpha], axis=2)
    np.testing.assert_array_equal(decode_image(encoded(Image.fromarray(rgba)), "x"), PICTURE)
    rgba[5, 7, 3] = 254
    with pytest.raises(HyperthumbError, match=r"a/b\.png: .*transparent"):
        decode_image(encoded(Image.fromarray(rgba)), "a/b.png")


def test_a_transparent_color_is_refused_only_where_it_is_used():
    data = encoded(Image.fromarray(PICTURE), transparency=tuple(int(v) for v in PICTURE[3, 3]))
    with pytest.raises(HyperthumbError, match="transparent"):
        decode_image(data, "x")
    flat = np.full((4, 4, 3), 7, np.uint8)
    np.testing.assert_array_equal(decode_image(encoded(Image.fromarray(flat), transparency=(1, 2, 3)), "x"), flat)


@pytest.mark.parametrize(
    ("mode", "kind", "name"),
    [
        ("CMYK", "JPEG", "CMYK"),
        ("F", "TIFF", "floating-point"),
        ("I", "TIFF", "32-bit or signed"),
        ("LAB", "TIFF", "CIELAB"),
    ],
)
def test_other_color_models_are_refused(mode, kind, name):
    with pytest.raises(HyperthumbError, match=f"photo: {name} pictures are not supported") as caught:
        decode_image(encoded(Image.new(mode, (8, 8)), kind), "photo")
    assert not isinstance(caught.value, CorruptImageError)


@pytest.mark.parametrize(
    ("kind", "settings"), [("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True}), ("WEBP", {})]
)
@pytest.mark.parametrize("kept", [0.05, 0.5, 0.9, 0.99])
def test_the_error_for_a_truncated_picture_names_the_file(tmp_path, kind, settings, kept):
    data = encoded(Image.fromarray(PICTURE), kind, **settings)
    path = tmp_path / "half.png"
    path.write_bytes(data[: min(len(data) - 1, int(len(data) * kept))])
    with pytest.raises(CorruptImageError, match=r"half\.png: "):
        read_image(path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("kept", [0.5, 0.95])
def test_a_file_that_ends_in_zeros_is_refused(kind, kept):
    data = encoded(Image.fromarray(PICTURE), kind)
    whole = int(len(data) * kept)
    with pytest.raises(CorruptImageError):
        decode_image(data[:whole] + bytes(len(data) - whole), "x")


def test_any_flipped_bit_of_a_png_is_detected():
    data = encode_png(PICTURE[:8, :8])
    end = len(data) - 12  # what follows is the end marker
    for place in range(8, end):
        damaged = bytearray(data)
        damaged[place] ^= 0x10
        with pytest.raises(HyperthumbError):
            decode_image(bytes(damaged), "x")


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"", "the file is empty"), (b"no picture", "it is not a picture"), (bytes(1000), "it is not a picture")],
)
def test_other_files_are_refused(tmp_path, content, problem):
    path = tmp_path / "x.png"
    path.write_bytes(content)
    with pytest.raises(CorruptImageError, match=rf"x\.png: {problem}"):
        read_image(path)
    with pytest.raises(CorruptImageError, match=rf"x\.png: {problem}"):
        read_size(path)


def test_a_missing_file_is_not_reported_as_damaged(tmp_path):
    for read in (read_image, read_size):
        with pytest.raises(HyperthumbError, match="No such file") as caught:
            read(tmp_path / "x.png")
        assert not isinstance(caught.value, CorruptImageError)


def test_decompression_bombs_are_refused():
    bomb = encoded(Image.new("1", (30000, 30000)))
    assert len(bomb) < 200_000
    with pytest.raises(HyperthumbError, match="pixels"):
        decode_image(bomb, "x")


def test_write_png_replaces_a_file_atomically(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(b"old")
    write_png(path, PICTURE)
    np.testing.assert_array_equal(read_image(path), PICTURE)
    assert os.listdir(tmp_path) == ["x.png"]
    other = tmp_path / "y"
    other.mkdir()
    with pytest.raises(HyperthumbError, match=r"cannot write .*y: Is a directory"):
        write_png(other, PICTURE)
    assert sorted(os.listdir(tmp_path)) == ["x.png", "y"]


def test_readers_never_see_a_partial_file(tmp_path):
    path = tmp_path / "x.png"
    write_png(path, PICTURE)
    writer = threading.Thread(target=lambda: [write_png(path, PICTURE) for _ in range(50)])
    writer.start()
    while writer.is_alive():
        np.testing.assert_array_equal(read_image(path), PICTURE)
    writer.join()


def test_list_images_leaves_out_files_of_other_programs_with_a_warning(tmp_path):
    for file in ["Z.PNG", "b/a.jpeg", "b/d.tif", "e.webp", "f.bmp", "notes.txt", ".a.png", "@eaDir/a.png"]:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    with pytest.warns(
        UserWarning, match=r"left out 2 hidden files and files of other programs \(\.a\.png and @eaDir\)"
    ):
        assert list_images(tmp_path) == ["Z.PNG", "b/a.jpeg", "b/d.tif", "e.webp", "f.bmp"]


def test_list_images_names_an_unreadable_folder(tmp_path, monkeypatch):
    (tmp_path / "a.png").touch()

    def refuse(path: str) -> object:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(HyperthumbError, match=r"cannot be read \(Permission denied\)"):
        list_images(tmp_path)


def test_list_images_refuses_folders_without_pictures(tmp_path):
    with pytest.raises(HyperthumbError, match="does not exist"):
        list_images(tmp_path / "missing")
    (tmp_path / "a.txt").touch()
    with pytest.raises(HyperthumbError, match="contains no pictures"):
        list_images(tmp_path)
