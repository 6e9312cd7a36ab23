"""The tool on files that other programs have turned, cut, stripped or marked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import hyperthumb
from hyperthumb.cli.sources import is_thumbnail
from hyperthumb.images.pictures import turn
from hyperthumb.jpeg.marker import MARKER_START
from tests.cli.files import read, save
from tests.jpeg.other_programs import as_version_1, changed, marker_of, sealed, turned, with_marker, without_marker
from tests.jpeg.thumbnails import with_impossible_codes

HT = MARKER_START + b"HT\x14\x00\1\2\3\4\5"  # looks as markers of version 1 did


def written(name: str, data: bytes) -> Path:
    Path(name).write_bytes(data)
    return Path(name)


@pytest.fixture
def data(run) -> bytes:
    """A thumbnail of 13x11, of a photograph of 50x42."""
    save("photo.png", 42, 50)
    run("compress", "photo.png")
    return Path("photo.thumb.jpg").read_bytes()


def test_a_turned_thumbnail_restores_turned_and_says_so(run, data):
    written("turned.jpg", turned(data, 8))
    code, out, err = run("restore", "turned.jpg", "photo.thumb.jpg")
    assert code == 0
    assert "turned.jpg -> turned.restored.png: 42x50" in out
    assert "warning: turned.jpg: " in err
    assert "turned by 90 degrees counterclockwise without loss" in err
    np.testing.assert_array_equal(read("turned.restored.png"), turn(read("photo.restored.png"), 8))


def test_the_exif_orientation_is_applied_once(run, data):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (8, 8)).save("exif.jpg", exif=exif)
    segment = Path("exif.jpg").read_bytes()
    start = segment.index(b"\xff\xe1")
    segment = segment[start : start + 2 + int.from_bytes(segment[start + 2 : start + 4], "big")]
    written("lying.jpg", data[:20] + segment + data[20:])
    assert run("restore", "lying.jpg", "photo.thumb.jpg")[0] == 0
    np.testing.assert_array_equal(read("lying.restored.png"), turn(read("photo.restored.png"), 6))


def test_inspect_says_what_was_done_to_a_file(run, data):
    expected = {
        "photo.thumb.jpg": (data, [], (50, 42)),
        "turned.jpg": (turned(data, 6), ["turned by 90 degrees clockwise without loss"], (42, 50)),
        "trimmed.jpg": (
            turned(data, 3, trim=True),
            ["its edges were cut off or changed", "turned by 180 degrees without loss"],
            (32, 32),
        ),
        "changed.jpg": (changed(data), ["recompressed, cropped or edited"], (52, 44)),
    }
    for name, (file, changes, size) in expected.items():
        written(name, file)
        said = json.loads(run("inspect", name, "--json", "--verify", model=False)[1])
        assert (said["changes"], said["unchanged"]) == (changes, not changes)
        assert (said["photograph_width"], said["photograph_height"], said["scale"]) == (*size, 4)
        line = "; ".join(changes)
        assert f"unchanged   {f'no: {line}' if changes else 'yes'}" in run("inspect", name, "--verify", model=False)[1]


def test_inspect_without_verifying_knows_the_size_of_a_turned_file(run, data):
    for file in (turned(data, 6), turned(as_version_1(data), 6)):
        written("turned.jpg", file)
        said = json.loads(run("inspect", "turned.jpg", "--json", model=False)[1])
        assert (said["photograph_width"], said["photograph_height"]) == (42, 50)
        assert (said["unchanged"], said["changes"]) == (None, None)


def test_inspect_describes_a_file_without_marker(run, data):
    for name, file in (("stripped.jpg", without_marker(data)), ("foreign.jpg", with_marker(data, HT))):
        written(name, file)
        for verify in ([], ["--verify"]):
            assert "has no marker of hyperthumb" in run("inspect", name, *verify, model=False)[1]
            said = json.loads(run("inspect", name, "--json", *verify, model=False)[1])
            assert [said[key] for key in ("scale", "model", "bpp", "unchanged")] == [None] * 4


def test_a_file_that_cannot_be_decoded_is_described_by_its_headers(run, data):
    run("compress", "photo.png", "--profile", "default", "--overwrite")
    written("damaged.jpg", with_impossible_codes(as_version_1(Path("photo.thumb.jpg").read_bytes())))
    said = json.loads(run("inspect", "damaged.jpg", "--json", model=False)[1])
    assert (said["photograph_width"], said["photograph_height"]) == (50, 42)
    assert run("inspect", "damaged.jpg", "--verify", model=False)[0] == 1


def test_photographs_with_a_segment_like_ours_are_photographs(run):
    for number, segment in enumerate([HT, b"\xff\xe9\x00\x08HTML\0\0", MARKER_START + b"HT\x24\x00\1\2\3\4\5"]):
        save(f"in/{number}.jpg", seed=number)
        written(f"in/{number}.jpg", with_marker(Path(f"in/{number}.jpg").read_bytes(), segment))
        assert not is_thumbnail(Path(f"in/{number}.jpg"))
    code, _, err = run("restore", "in")
    assert code == 1
    assert "there are no thumbnails in this folder, only 3 other pictures" in err
    assert run("compress", "in", "-o", "out")[2] == "3 of 3 compressed\n"


def test_thumbnails_are_recognized_wherever_the_marker_stands(run, data):
    large = b"".join(b"\xff\xe1\xff\xff" + bytes(65533) for _ in range(2))
    for plain in (data, as_version_1(data)):
        marker = marker_of(plain)
        for file in (
            plain,
            with_marker(plain, marker + marker),
            with_marker(plain, HT + marker),
            with_marker(plain, large + marker),
            without_marker(plain)[:-2] + marker + plain[-2:],
            turned(plain, 5),
            plain[: len(plain) // 2],  # a damaged thumbnail is one: restoring it says what is wrong
        ):
            assert is_thumbnail(written("a.jpg", file))
        for file in (without_marker(plain), with_marker(plain, HT), b"", plain[:10]):
            assert not is_thumbnail(written("a.jpg", file))
    assert is_thumbnail(written("a.jpg", with_marker(data, sealed(b"\xe0" + bytes(6)))))  # version 3


@pytest.mark.parametrize("name", ["a.jfif", "a.JFIF", "a.png"])
def test_thumbnails_are_recognized_whatever_their_names(run, data, name):
    assert is_thumbnail(written(name, data))
    code, _, err = run("compress", name)
    assert code == 1
    assert "this is already a thumbnail" in err
    save("b.jfif")
    assert not is_thumbnail(Path("b.jfif"))


def test_jfif_files_in_folders_are_compressed(run, data):
    save("in/b.jfif")
    written("in/a.jfif", data)
    assert run("restore", "in", "-o", "out")[0] == 0
    assert run("compress", "in", "-o", "out")[0] == 0
    assert sorted(path.name for path in Path("out").iterdir()) == ["a.restored.png", "b.thumb.jpg"]
    assert "must end in .jpg or .jpeg" in run("compress", "in/b.jfif", "-o", "c.jfif")[2]


def test_a_changed_thumbnail_is_recognized_by_its_seal_or_by_a_model_that_ships(data):
    assert is_thumbnail(written("a.jpg", changed(data)))
    assert not is_thumbnail(written("a.jpg", changed(as_version_1(data))))
    shipped = hyperthumb.load("lite_4x", device="cpu").compress(read("photo.png"))
    assert is_thumbnail(written("a.jpg", changed(as_version_1(shipped))))
