from __future__ import annotations

import io
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from hyperthumb.base.errors import CorruptImageError
from hyperthumb.data.image_io import read_image, read_size
from hyperthumb.images import png
from hyperthumb.images.pictures import decode_picture
from hyperthumb.images.png import MAX_PROFILE, MAX_TEXT, is_png, read_png
from tests.images.pngs import chunk, itxt, with_chunks, ztxt
from tests.support import photograph

PICTURE = photograph(37, 53)
LONG = b"text " * 500_000
XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


def exif_of(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()[6:]


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize(
    ("text", "name"),
    [
        (ztxt(LONG), "zTXt"),
        (itxt(LONG), "iTXt"),
        (itxt(LONG, compressed=True), "iTXt"),
        (chunk(b"tEXt", b"Comment\0" + LONG), "tEXt"),
        (ztxt(LONG[: MAX_TEXT // 3]) * 4, "zTXt"),
    ],
)
def test_long_texts_are_skipped_with_a_note(place, text, name, tmp_path):
    data = with_chunks(PICTURE, **{place: text})
    picture = decode_picture(data, "x")
    np.testing.assert_array_equal(picture.pixels, PICTURE)
    assert picture.notes == (f"its text of more than 1,048,576 bytes was ignored ({name})",)
    (tmp_path / "x.png").write_bytes(data)
    assert read_size(tmp_path / "x.png") == (37, 53)


def test_ordinary_texts_need_no_note():
    texts = ztxt(b"a") + itxt(b"b", compressed=True) + itxt(b"c") + chunk(b"tEXt", b"Comment\0d") + chunk(b"tIME", b"")
    assert decode_picture(with_chunks(PICTURE, texts, texts), "x").notes == ()


def test_a_text_is_not_decompressed_beyond_the_limit(monkeypatch):
    packer = zlib.compressobj()
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(200)) + packer.flush()
    data = with_chunks(PICTURE, chunk(b"zTXt", b"Comment\0\0" + bomb) * 3 + chunk(b"iCCP", b"big\0\0" + bomb))
    unpacked = []
    inflate = png._inflate
    monkeypatch.setattr(png, "_inflate", lambda *given: unpacked.append(inflate(*given)) or unpacked[-1])
    tracemalloc.start()
    read_png(io.BytesIO(data), "x")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sorted(map(len, unpacked)) == [MAX_TEXT + 1, MAX_PROFILE]
    assert peak < 3 * MAX_PROFILE


def test_damaged_ancillary_chunks_are_skipped_with_a_note(tmp_path):
    for name in (b"tEXt", b"zTXt", b"iTXt", b"pHYs", b"tIME", b"prVt"):
        damaged = chunk(name, b"Comment\0\0abc", damaged=True)
        for data in (with_chunks(PICTURE, before=damaged), with_chunks(PICTURE, after=damaged)):
            picture = decode_picture(data, "x")
            np.testing.assert_array_equal(picture.pixels, PICTURE)
            said = f"damaged chunks that the pixels do not need were ignored ({name.decode()})"
            assert picture.notes == (said,)
            (tmp_path / "x.png").write_bytes(data)
            np.testing.assert_array_equal(read_image(tmp_path / "x.png"), PICTURE)
            assert read_size(tmp_path / "x.png") == (37, 53)


def test_the_note_names_only_some_of_many_damaged_chunks():
    names = [b"aa" + bytes([letter]) * 2 for letter in range(ord("A"), ord("Z"))]
    notes = decode_picture(with_chunks(PICTURE, b"".join(chunk(n, b"", damaged=True) for n in names)), "x").notes
    assert notes == ("damaged chunks that the pixels do not need were ignored (aaAA, aaBB, aaCC, aaDD, ...)",)


def test_chunks_that_are_too_short_do_not_stop_decoding():
    short = b"".join(
        chunk(name, b"") for name in (b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"iCCP", b"zTXt", b"iTXt", b"acTL")
    )
    np.testing.assert_array_equal(decode_picture(with_chunks(PICTURE, short, short), "x").pixels, PICTURE)


@pytest.mark.parametrize("name", [b"IHDR", b"PLTE", b"IDAT", b"tRNS", b"IEND"])
def test_a_damaged_critical_chunk_is_refused(name):
    buffer = io.BytesIO()
    Image.fromarray(PICTURE).quantize(8).save(buffer, "PNG", transparency=3)
    data = bytearray(buffer.getvalue())
    place = data.index(name)
    size = int.from_bytes(data[place - 4 : place], "big")
    data[place + 4 + size] ^= 1
    with pytest.raises(CorruptImageError, match=rf"x: the picture is damaged \(in its {name.decode()} chunk\)"):
        decode_picture(bytes(data), "x")


def test_truncated_files_and_invalid_chunks_are_refused():
    data = with_chunks(PICTURE, after=chunk(b"tEXt", b"Comment\0abc"))
    for kept in range(8, len(data) - 1, 97):
        with pytest.raises(CorruptImageError):
            decode_picture(data[:kept], "x")
    with pytest.raises(CorruptImageError, match="no valid chunk at byte"):
        decode_picture(data.replace(b"tEXt", b"t\0Xt"), "x")
    with pytest.raises(CorruptImageError, match="does not begin with its header"):
        decode_picture(data[:8] + data[33:], "x")


@pytest.mark.parametrize(
    "turned",
    [
        chunk(b"eXIf", exif_of(6)),
        itxt(XMP, b"XML:com.adobe.xmp"),
        itxt(XMP, b"XML:com.adobe.xmp", compressed=True),
        itxt(XMP + LONG, b"XML:com.adobe.xmp", compressed=True),
        ztxt(b"\nexif\n%8d\n%s\n" % (len(exif_of(6)), exif_of(6).hex().encode()), b"Raw profile type exif"),
    ],
)
@pytest.mark.parametrize("place", ["before", "after"])
def test_the_orientation_is_found_in_every_place(turned, place, tmp_path):
    # A long text that comes first does not use up what is unpacked for it.
    data = with_chunks(PICTURE, **{place: ztxt(LONG) + turned})
    np.testing.assert_array_equal(decode_picture(data, "x").pixels, np.rot90(PICTURE, -1))
    (tmp_path / "x.png").write_bytes(data)
    assert read_size(tmp_path / "x.png") == (53, 37)


def test_damaged_exif_data_are_ignored(tmp_path):
    damaged_text = ztxt(b"\nexif\n   3\nnot hexadecimal\n", b"Raw profile type exif")
    for damaged in (chunk(b"eXIf", exif_of(6), damaged=True), damaged_text):
        data = with_chunks(PICTURE, damaged)
        picture = decode_picture(data, "x")
        np.testing.assert_array_equal(picture.pixels, PICTURE)
        assert picture.notes == ("its EXIF data are damaged; it was taken to lie upright",)
        (tmp_path / "x.png").write_bytes(data)
        assert read_size(tmp_path / "x.png") == (37, 53)


def test_read_png_returns_all_parts():
    profile = bytes(range(256)) * 8000  # more than Pillow unpacks
    before = (
        chunk(b"iCCP", b"name\0\0" + zlib.compress(profile))
        + chunk(b"gAMA", b"gamma")
        + chunk(b"acTL", bytes([0, 0, 0, 7, 0, 0, 0, 0]))
        + chunk(b"eXIf", b"II*\0")
        + itxt(b"<xmp>", b"XML:com.adobe.xmp")
    )
    file = io.BytesIO(with_chunks(PICTURE, before))
    assert is_png(file)
    read = read_png(file, "x")
    assert read.pixels == with_chunks(PICTURE)
    assert (read.depth, read.profile, read.exif, read.xmp) == (8, profile, b"II*\0", b"<xmp>")
    assert (read.frames, read.colors, read.notes) == (7, {"gAMA": b"gamma"}, ())
    header = read_png(file, "x", with_pixels=False)
    assert header._replace(pixels=read.pixels) == read
    assert len(header.pixels) < 100
    assert not is_png(io.BytesIO(b"\x89PNG"))
