from __future__ import annotations

import io
import itertools
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from hyperthumb.base.errors import CorruptImageError, UnusableImageError
from hyperthumb.data.image_io import read_image, read_size
from hyperthumb.images.pictures import decode_picture
from hyperthumb.images.tiff import as_pillow_reads, count_pictures, read_directory, read_layout
from tests.images.tiffs import Kind, write_tiff
from tests.support import photograph

COLOR = photograph(37, 53)
GREY = COLOR[..., 0]
# Pillow 13 reads no big-endian BigTIFF, whatever its samples.
LAYOUTS = [
    layout
    for layout in itertools.product("<>", (None, 16), (False, True), (False, True), (False, True))
    if not (layout[0] == ">" and layout[3])
]


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("photometric", [0, 1])
def test_grey_samples_are_decoded_as_positives_at_every_depth(bits, photometric, tmp_path):
    samples = GREY.astype(np.uint16) * 257 >> (16 - bits)
    shown = samples if photometric == 1 else (1 << bits) - 1 - samples
    expected = shown >> 8 if bits == 16 else shown * 255 // ((1 << bits) - 1)
    for layout in LAYOUTS:
        data = write_tiff(samples, Kind(bits, photometric, *layout))
        picture = decode_picture(data, "x")
        assert picture.notes == (("16-bit samples were reduced to 8 bits",) if bits == 16 else ())
        for plane in range(3):
            np.testing.assert_array_equal(picture.pixels[..., plane], expected)
        path = tmp_path / "x.tif"
        path.write_bytes(data)
        assert read_size(path) == (37, 53)
        np.testing.assert_array_equal(read_image(path), picture.pixels)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_color_samples_are_read_interleaved_and_planar(bits, layout):
    samples = COLOR.astype(np.uint16) * 257 >> (16 - bits)
    np.testing.assert_array_equal(decode_picture(write_tiff(samples, Kind(bits, 2, *layout)), "x").pixels, COLOR)
    if bits == 16:
        opaque = np.dstack([samples, np.full_like(GREY, (1 << bits) - 1, dtype=np.uint16)])
        np.testing.assert_array_equal(decode_picture(write_tiff(opaque, Kind(bits, 2, *layout)), "x").pixels, COLOR)


@pytest.mark.parametrize(("bits", "photometric", "count"), [(8, 1, 2), (16, 5, 4)])
def test_planes_that_pillow_would_misread_are_refused(bits, photometric, count):
    samples = np.repeat(GREY[..., None], count, axis=2)
    with pytest.raises(UnusableImageError, match="x: a TIFF picture whose planes are stored apart"):
        decode_picture(write_tiff(samples, Kind(bits, photometric, apart=True)), "x")


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_lzw", "packbits", "tiff_adobe_deflate", "jpeg"])
def test_min_is_white_is_decoded_in_every_compression(compression):
    picture = Image.fromarray(GREY).convert("1" if compression.startswith("group") else "L")
    buffer = io.BytesIO()
    picture.save(buffer, "TIFF", compression=compression, tiffinfo={262: 0})
    with Image.open(io.BytesIO(buffer.getvalue())) as written:
        assert written.tag_v2[262] == 0
    decoded = decode_picture(buffer.getvalue(), "x").pixels[..., 0].astype(int)
    assert np.abs(decoded - np.asarray(picture.convert("L"))).mean() < (5 if compression == "jpeg" else 1e-9)


@pytest.mark.parametrize("photometric", [0, 1])
def test_the_alpha_channel_of_a_min_is_white_picture_is_not_inverted(photometric):
    alpha = np.where(np.arange(53) < 20, 0, 255).astype(np.uint8)[None].repeat(37, 0)
    samples = np.stack([GREY if photometric == 1 else 255 - GREY, alpha], axis=2)
    pixels = decode_picture(write_tiff(samples, Kind(8, photometric)), "x", background=(9, 9, 9)).pixels
    assert (pixels[:, :20] == 9).all()
    np.testing.assert_array_equal(pixels[:, 20:, 0], GREY[:, 20:])


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_truncated_min_is_white_picture_is_refused(order):
    data = write_tiff(GREY.astype(np.uint16) * 257, Kind(16, 0, order))
    for kept in (4, 9, 60, 150, len(data) - 1):
        with pytest.raises(CorruptImageError):
            decode_picture(data[:kept], "x")


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_directories_are_read(order, big):
    file = io.BytesIO(write_tiff(GREY, Kind(8, 0, order, big=big)))
    layout = read_layout(file)
    directory = read_directory(file, layout, layout.first)
    assert [entry.tag for entry in directory.entries] == [256, 257, 258, 259, 262, 273, 277, 278, 279]
    assert directory.find(262).value_size == 2
    assert directory.find(273).value_size == 4 * 5  # 37 rows in strips of 8
    assert directory.find(274) is None
    assert read_directory(file, layout, 2**40) is None


@pytest.mark.parametrize(
    "content", [b"", b"II", b"II*\0", b"MM\0*\xff\xff\xff\xff", b"no TIFF at all, this", b"II+\0" + b"\xff" * 12]
)
def test_other_files_are_not_inverted(content):
    file = io.BytesIO(content)
    file.seek(2)
    assert as_pillow_reads(file) == (file, False)
    assert file.tell() == 2


def test_smaller_copies_are_not_counted():
    for kind, expected in ((1, 1), (0, 2)):
        buffer = io.BytesIO()
        with tifffile.TiffWriter(buffer) as writer:
            writer.write(GREY, photometric="minisblack")
            writer.write(GREY[::2, ::2], photometric="minisblack", subfiletype=kind)
        assert count_pictures(buffer) == expected
        notes = decode_picture(buffer.getvalue(), "x").notes
        assert notes == ("only the first of its 2 pictures was taken",)[: expected - 1]


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_cycle_of_directories_ends(order, big):
    data = bytearray(write_tiff(GREY, Kind(8, 1, order, big=big)))
    layout = read_layout(io.BytesIO(data))
    directory = read_directory(io.BytesIO(data), layout, layout.first)
    assert count_pictures(io.BytesIO(data)) == 1
    struct.pack_into(order + layout.offset_format, data, directory.next_place, layout.first)
    assert count_pictures(io.BytesIO(data)) == 1
    assert count_pictures(io.BytesIO(b"no TIFF file at all")) == 0
