from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from data_sets import set_check
from data_sets.catalog import PHOTO_SETS, PhotoSet, SizeRule
from data_sets.digests import KnownPicture, known_pictures, pixel_digest
from data_sets.manifest import ManifestEntry, write_manifest
from tests.support import photograph

WHOLE = {name: photograph(33, 49, seed) for seed, name in enumerate(("a", "b", "c"))}
PUBLISHED = PhotoSet("tiny", "three", "tiny", (), "", "", pictures=3, layouts=("whole", "crops"))
NAMED = PhotoSet("named", "two", "named", (), "", "", pictures=2, files=("1.png", "2.png"), sizes=SizeRule(48, 48, 12))


def known(pixels):
    return KnownPicture(*pixels.shape[:2], pixel_digest(pixels))


@pytest.fixture
def root(tmp_path, monkeypatch):
    pictures = {name: (known(pixels), known(pixels[:-1, :-1])) for name, pixels in WHOLE.items()}
    monkeypatch.setattr(set_check, "known_pictures", lambda name: pictures if name == "tiny" else {})
    (tmp_path / "tiny").mkdir()
    for name, pixels in WHOLE.items():
        Image.fromarray(pixels).save(tmp_path / f"tiny/{name}.png")
    return tmp_path


def check(root, photo_set=PUBLISHED):
    return set_check.check_set(photo_set, root)


def test_a_set_as_published_has_no_problems(root):
    result = check(root)
    assert (result.found, result.problems, result.notes) == (3, (), ("3 whole",))


def test_other_names_formats_and_layouts_are_accepted(root):
    folder = root / "tiny"
    (folder / "a.png").unlink()
    Image.fromarray(WHOLE["a"]).save(folder / "img_001.bmp")
    Image.fromarray(WHOLE["b"][:-1, :-1]).save(folder / "b.png")
    result = check(root)
    assert result.problems == ()
    assert result.notes == ("1 have unusual names, but correct pixels", "2 whole", "1 crops")


def test_all_problems_are_reported(root):
    folder = root / "tiny"
    Image.fromarray(WHOLE["a"]).save(folder / "a.png", compress_level=0)
    (folder / "a.png").write_bytes((folder / "a.png").read_bytes()[:3000])
    Image.fromarray(WHOLE["b"] ^ 1).save(folder / "b.png")
    Image.fromarray(WHOLE["c"][:8]).save(folder / "c.png")
    Image.fromarray(photograph(9, 9)).save(folder / "d.png")
    problems = check(root).problems
    assert problems[0] == "4 pictures instead of 3"
    assert problems[1].startswith("a.png: the picture is damaged")
    assert problems[2] == "b.png: its pixels differ from those of the set; it was edited or recompressed"
    assert problems[3:] == ("c.png: is 49x8 instead of 49x33 or 48x32", "d.png: is not a picture of this set")


def test_missing_and_duplicate_pictures_are_reported(root):
    (root / "tiny/c.png").unlink()
    Image.fromarray(WHOLE["b"]).save(root / "tiny/z.png")
    assert check(root).problems == ("z.png: is the same picture as b.png", "c: is missing")


def test_a_missing_folder_is_a_problem(tmp_path):
    assert "this folder of pictures does not exist" in check(tmp_path).problems[0]


def test_a_set_can_be_checked_by_names_and_sizes(root):
    (root / "named").mkdir()
    Image.fromarray(photograph(24, 48)).save(root / "named/1.png")
    Image.fromarray(photograph(25, 48)).save(root / "named/3.png")
    assert check(root, NAMED).problems == (
        "2.png: is missing",
        "3.png: is not a picture of this set",
        "3.png: is 48x25, not of long side 48 pixels, both sides multiples of 12",
    )
    (root / "named/3.png").unlink()
    Image.fromarray(photograph(48, 36)).save(root / "named/2.png")
    assert check(root, NAMED).problems == ()


def test_a_set_can_be_checked_against_its_manifest(root):
    built = PhotoSet("built", "own", "tiny", (), "", "", has_manifest=True)
    assert "build the set to create it" in check(root, built).problems[0]
    entries = [ManifestEntry(f"{name}.png", f"{name}.tif", *known(pixels)) for name, pixels in WHOLE.items()]
    write_manifest(root / "tiny", "all", entries)
    assert check(root, built).problems == ()
    (root / "tiny/b.png").unlink()
    assert check(root, built).problems == ("b: is missing",)
    (root / "tiny/manifest.json").write_text('{"pictures": [{"file": 3}]}')
    assert "is damaged" in check(root, built).problems[0]


def test_the_catalog_is_consistent():
    assert {name: len(known_pictures(name)) for name in PHOTO_SETS if known_pictures(name)} == {
        "kodak": 24, "set5": 5, "set14": 14, "bsd100": 100, "gb82": 21,
    }  # fmt: skip
    for name, photo_set in PHOTO_SETS.items():
        pictures = known_pictures(name)
        assert photo_set.name == name
        assert not (pictures and photo_set.files)
        assert photo_set.pictures == (len(pictures) or len(photo_set.files) or None)
        assert {len(forms) for forms in pictures.values()} <= {max(1, len(photo_set.layouts))}
        assert all(len(form.sha256) == 64 for forms in pictures.values() for form in forms)
        assert all(len(archive.sha256) == 64 for archive in photo_set.archives)


def test_set5_is_as_published():
    root = Path(os.environ.get("HYPERTHUMB_DATA", "datasets"))
    if not (root / "set5").is_dir():
        pytest.skip(f"needs the pictures of Set5 in {root / 'set5'} (HYPERTHUMB_DATA)")
    assert check(root, PHOTO_SETS["set5"]).problems == ()
