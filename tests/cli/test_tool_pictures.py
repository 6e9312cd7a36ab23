"""What the tool keeps of pictures: sizes, profiles, colors, EXIF data, formats."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hyperthumb.base.limits import PROFILES
from hyperthumb.jpeg.metadata import exif_segment
from tests.cli.files import read, save
from tests.images.exifs import LENS, PRIVATE, exif_of, tags_of, with_exif
from tests.images.icc import P3, SRGB
from tests.images.pngs import with_chunks, ztxt
from tests.support import photograph


def test_a_part_of_the_photograph(run):
    save("photo.png", 160, 240)
    assert run("compress", "photo.png", "-o", "a.jpg")[0] == run("restore", "a.jpg")[0] == 0
    code, out, _ = run("restore", "a.jpg", "-o", "part.png", "--crop", "100,30,75x90", "--json")
    assert (code, json.loads(out)["width"], json.loads(out)["height"]) == (0, 75, 90)
    np.testing.assert_array_equal(read("part.png"), read("a.restored.png")[30:120, 100:175])
    assert run("restore", "a.jpg", "-o", "small.png", "--crop", "100,30,80x90", "--scale-to", "40x45")[0] == 0
    assert read("small.png").shape == (45, 40, 3)
    assert abs(read("small.png").mean() - read("part.png").mean()) < 5
    code, _, err = run("restore", "a.jpg", "-o", "no.png", "--crop", "200,30,75x90")
    assert (code, Path("no.png").exists()) == (1, False)
    assert "not inside the photograph, which has 240x160 pixels" in err
    code, _, err = run("restore", "a.jpg", "--crop", "1,2,3")
    assert (code, '"1,2,3" is not a region such as 100,50,1024x768' in err) == (2, True)


def test_the_file_keeps_to_the_size_that_was_asked_for(run):
    save("photo.png", 160, 240)
    _, plain, _ = run("compress", "photo.png", "--json")
    size = json.loads(plain)["bytes"]
    wish = int(size * 0.8)
    assert run("compress", "photo.png", "-o", "a.jpg", "--max-bytes", str(wish))[0] == 0
    assert 0.7 * wish < os.path.getsize("a.jpg") <= wish
    assert run("compress", "photo.png", "-o", "b.jpg", "--bpp", f"{8 * wish / (160 * 240):.4f}")[0] == 0
    assert abs(os.path.getsize("b.jpg") - os.path.getsize("a.jpg")) <= 0.05 * wish
    code, out, _ = run("compress", "photo.png", "-o", "c.jpg", "--rate-scale", "2", "--json")
    assert (code, json.loads(out)["rate_scale"]) == (0, 2)
    assert os.path.getsize("c.jpg") < size
    code, _, err = run("compress", "photo.png", "-o", "d.jpg", "--max-bytes", "100")
    assert code == 1
    assert "error: photo.png: " in err
    assert "bytes" in err
    assert not Path("d.jpg").exists()


@pytest.mark.parametrize("profile", PROFILES)
def test_each_profile_writes_its_coding(run, profile):
    save("photo.png", 300, 400)
    run("compress", "photo.png", "--profile", profile)
    assert json.loads(run("inspect", "photo.thumb.jpg", "--json", model=False)[1])["profile"] == profile


def test_transparent_pictures_need_a_background(run):
    rgba = np.dstack([photograph(40, 40), np.full((40, 40), 255, np.uint8)])
    rgba[10:30, 10:30, 3] = 0
    Image.fromarray(rgba).save("logo.png")
    code, _, err = run("compress", "logo.png")
    assert code == 1
    assert "error: logo.png: the picture is transparent in places" in err
    code, _, err = run("compress", "logo.png", "--background", "#ff0000")
    assert code == 0
    assert "warning: logo.png: its transparent places were flattened onto the background" in err
    shown = read("logo.thumb.jpg")[4:6, 4:6].reshape(-1, 3).mean(axis=0)
    assert shown[0] - shown[1:].max() > 60


def test_color_profile_and_exif_data_reach_the_restored_photograph(run):
    pixels = photograph(40, 64)
    Path("photo.jpg").write_bytes(with_exif(Image.fromarray(pixels), "JPEG", exif_of(6)))
    with Image.open("photo.jpg") as image:
        image.save("photo.jpg", icc_profile=P3, exif=image.info["exif"], quality=95)
    for choice in ("basic", "all"):
        assert run("compress", "photo.jpg", "--exif", choice, "--overwrite")[0] == 0
        with Image.open("photo.thumb.jpg") as image:
            kept = image.info["exif"]
            assert image.size == (10, 16)
            assert image.info["icc_profile"] == P3
        assert tags_of(kept)["exif"][0xA434] == LENS
        assert 0x0112 not in tags_of(kept)["0"]
        assert any(secret in kept for secret in PRIVATE) == (choice == "all")
        said = json.loads(run("inspect", "photo.thumb.jpg", "--json", "--verify", model=False)[1])
        assert (said["icc_bytes"], said["exif_bytes"], said["unchanged"]) == (len(P3), len(kept) - 6, True)
        for extension in ("png", "webp", "jpg"):
            assert run("restore", "photo.thumb.jpg", "-o", f"out.{extension}", "--overwrite")[::2] == (0, "")
            with Image.open(f"out.{extension}") as image:
                assert image.size == (40, 64)
                assert image.info["icc_profile"] == P3
                assert image.info["exif"].removeprefix(b"Exif\0\0") == kept.removeprefix(b"Exif\0\0")


def test_an_orientation_added_to_a_thumbnail_is_applied_and_not_copied(run):
    save("photo.png", 40, 64)
    run("compress", "photo.png")
    data = Path("photo.thumb.jpg").read_bytes()
    Path("turned.jpg").write_bytes(data[:2] + exif_segment(exif_of(6)) + data[2:])
    assert run("restore", "photo.thumb.jpg", "turned.jpg")[0] == 0
    np.testing.assert_array_equal(read("turned.restored.png"), np.rot90(read("photo.restored.png"), -1))
    with Image.open("turned.restored.png") as image:
        kept = tags_of(image.info["exif"])
    assert kept["exif"][0xA434] == LENS
    assert 0x0112 not in kept["0"]


def test_exif_data_and_profiles_of_srgb_are_dropped_by_default(run):
    Path("photo.png").write_bytes(with_exif(Image.fromarray(photograph(40, 64)), "PNG", exif_of(1)))
    with Image.open("photo.png") as image:
        image.save("photo.png", icc_profile=SRGB, exif=image.info["exif"])
    save("plain.png", 40, 64)
    assert run("compress", "photo.png", "plain.png")[0] == 0
    assert Path("photo.thumb.jpg").read_bytes() == Path("plain.thumb.jpg").read_bytes()
    run("restore", "photo.thumb.jpg")
    with Image.open("photo.restored.png") as image:
        assert not {"exif", "icc_profile"} & set(image.info)


def test_profiles_are_converted_or_dropped(run):
    save("photo.png", 40, 64, icc_profile=P3)
    save("plain.png", 40, 64)
    for choice in ("keep", "srgb", "drop"):
        assert run("compress", "photo.png", "--icc", choice, "-o", f"{choice}.jpg")[::2] == (0, "")
    run("compress", "plain.png")
    files = {name: Path(f"{name}.jpg").read_bytes() for name in ("keep", "srgb", "drop", "plain.thumb")}
    assert files["drop"] == files["plain.thumb"]
    assert P3 in files["keep"]
    assert b"ICC_PROFILE" not in files["srgb"]
    assert len(set(files.values())) == 3
    code, _, err = run("compress", "photo.png", "-o", "tiny.jpg", "--max-bytes", "600")
    assert code == 1
    assert "; its color profile takes 6,6" in err
    assert "(use --icc srgb to omit it)" in err
    assert run("compress", "photo.png", "-o", "tiny.jpg", "--max-bytes", "600", "--icc", "srgb")[0] == 0
    assert run("compress", "photo.png", "--icc", "sRGB")[0] == 2
    assert run("compress", "photo.png", "--exif", "gps")[0] == 2


def test_a_thumbnail_with_much_metadata_is_recognized(run):
    exif = exif_of(1, note=bytes(64_000))
    save("photo.png", 40, 64, exif=b"Exif\0\0" + exif, icc_profile=P3)
    assert run("compress", "photo.png", "--exif", "all")[0] == 0
    assert os.path.getsize("photo.thumb.jpg") > 64_000 + len(P3)
    assert "this is already a thumbnail of hyperthumb" in run("compress", "photo.thumb.jpg")[2]
    assert run("restore", ".", "-o", "out")[0] == 0
    assert os.listdir("out") == ["photo.restored.png"]


def test_a_warning_names_what_is_left_out(run):
    Path("photo.png").write_bytes(with_chunks(photograph(40, 64), ztxt(bytes(2**21))))
    save("other.jpg", 40, 64, icc_profile=P3[:-9])
    code, _, err = run("compress", "photo.png", "other.jpg")
    assert code == 0
    assert "warning: photo.png: its text of more than 1,048,576 bytes was ignored (zTXt)" in err
    assert "warning: other.jpg: its color profile is damaged and was left out" in err


def test_the_exif_orientation_is_applied_to_the_pixels(run):
    exif = Image.Exif()
    exif[0x0112] = 6
    save("photo.jpg", 40, 64, exif=exif)
    _, out, _ = run("compress", "photo.jpg", "--json")
    assert (json.loads(out)["width"], json.loads(out)["height"]) == (40, 64)
    with Image.open("photo.thumb.jpg") as image:
        assert image.size == (10, 16)
        assert not image.getexif()
    # A JPEG that never was a thumbnail comes out upright too.
    assert run("restore", "photo.jpg")[0] == 0
    assert read("photo.restored.png").shape == (256, 160, 3)


def test_photographs_are_restored_to_each_output_format(run):
    save("photo.png", 60, 64)
    run("compress", "photo.png")
    run("restore", "photo.thumb.jpg")
    pixels = read("photo.restored.png")
    run("restore", "photo.thumb.jpg", "-o", "a.webp")
    np.testing.assert_array_equal(read("a.webp"), pixels)
    run("restore", "photo.thumb.jpg", "-o", "a.JPG")
    assert np.abs(read("a.JPG").astype(int) - pixels).mean() < 3
    run("restore", "photo.thumb.jpg", "-o", "folder", "--format", "webp")
    np.testing.assert_array_equal(read("folder/photo.restored.webp"), pixels)


def test_files_without_a_marker_restore_with_a_warning(run):
    save("photo.png", 41, 50)
    run("compress", "photo.png")
    with Image.open("photo.thumb.jpg") as image:
        image.save("again.jpg", quality=80)
    code, _, err = run("restore", "again.jpg")
    assert code == 0
    assert "warning: again.jpg: " in err
    assert "52x44" in err
    assert read("again.restored.png").shape == (44, 52, 3)
    code, _, err = run("restore", "again.jpg", "--size", "50x41", "-o", "sized.png")
    assert code == 0
    assert read("sized.png").shape == (41, 50, 3)
    code, _, err = run("restore", "photo.thumb.jpg", "--size", "49x41", "-o", "no.png")
    assert code == 1
    assert "50x41, not 49x41" in err
