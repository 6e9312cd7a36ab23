"""The names in a gallery, and the folders that are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.files import write_atomically
from hyperthumb.gallery import site as site_module
from hyperthumb.gallery.index import read_index
from hyperthumb.gallery.site import Site, made_from, thumbnail_path, unique_names
from hyperthumb.models.zoo import find_model
from hyperthumb.runtime.exported_engine import read_exported


def test_photographs_of_one_name_are_told_apart():
    paths = [Path("a.jpg"), Path("b/a.jpg"), Path("a.png"), Path("a.tif")]
    assert unique_names(paths) == ["a", "b/a", "a (2)", "a (3)"]


def test_thumbnails_have_names_that_urls_and_file_systems_take_as_they_are():
    assert thumbnail_path("holiday-1") == "thumbnails/holiday-1.jpg"
    hostile = ["IMG_1", "img_1", "a b", "a/b", "a#b", "../a", "ü", "日本", "x" * 300, "con.jpg", "a\udcff", "%2e"]
    found = {thumbnail_path(name).lower() for name in hostile}
    assert len(found) == len(hostile)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-./") for name in found)
    assert all(len(name) < 120 and ".." not in name and name.count("/") == 1 for name in found)


def test_what_a_thumbnail_is_made_from_follows_file_and_settings(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"abc")
    before = made_from(path, (0.2, "id"))
    assert before == made_from(path, (0.2, "id"))
    assert before != made_from(path, (0.3, "id"))
    path.write_bytes(b"abcd")
    assert before != made_from(path, (0.2, "id"))


def test_a_folder_with_other_files_is_not_taken_for_a_gallery(tmp_path):
    assert read_index(tmp_path / "new") is None
    assert read_index(tmp_path) is None
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(HyperthumbError, match="has files that are not a gallery's"):
        read_index(tmp_path)


def test_a_new_site_is_discarded_but_not_the_file_of_someone_else(tmp_path, monkeypatch):
    page = tmp_path / "page"
    for name in ("index.html", "assets/page.js", "assets/more/page.css"):
        write_atomically(page / name, b"x")
    monkeypatch.setattr(site_module, "PAGE", page)
    site = Site(tmp_path / "site", read_exported(find_model("fast_4x")))
    site.prepare([])
    site.finish(())
    (tmp_path / "site/assets/mine.txt").write_text("x")
    (tmp_path / "site/mine").mkdir()
    assert site.discard_new()
    left = {path.relative_to(tmp_path / "site").as_posix() for path in (tmp_path / "site").rglob("*")}
    assert left == {"assets", "assets/mine.txt", "mine"}


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", "{", '{"format": 1}', '{"format": 1, "title": "", "models": {}, "photographs": [{"name": "a"}]}',
        '{"format": 1, "title": "", "models": [], "photographs": []}', '{"format": 1, "models": {"a": {}}}', "7",
    ],
)  # fmt: skip
def test_a_damaged_index_is_not_overwritten(tmp_path, content):
    (tmp_path / "index.json").write_text(content)
    with pytest.raises(HyperthumbError, match=r"index\.json is damaged or not a gallery's"):
        read_index(tmp_path)


def test_an_index_of_a_later_version(tmp_path):
    (tmp_path / "index.json").write_text(json.dumps({"format": 2}))
    with pytest.raises(HyperthumbError, match="another version of hyperthumb"):
        read_index(tmp_path)
