from __future__ import annotations

import os
from pathlib import Path

import pytest

from hyperthumb.base.search import search

PICTURES = (".png", ".jpg")


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_files_are_found_at_any_depth_and_sorted(tmp_path):
    fill(tmp_path, "b/c/d.JPG", "Z.PNG", "a.png", "notes.txt", "b/a.png")
    found = search(tmp_path, PICTURES)
    assert found == (["Z.PNG", "a.png", "b/a.png", "b/c/d.JPG"], [], [], [])
    assert found.describe_left_out() is None


def test_the_current_folder_can_be_searched(tmp_path, monkeypatch):
    monkeypatch.chdir(fill(tmp_path, "a.png", "b/c.png"))
    assert search(Path(), PICTURES).files == ["a.png", "b/c.png"]


@pytest.mark.parametrize("folder", ["@eaDir", "@EADIR", "__MACOSX", ".thumbnails", ".git", "#recycle", "$RECYCLE.BIN"])
def test_folders_of_other_programs_are_left_out_at_any_depth(tmp_path, folder):
    fill(tmp_path, "a.png", f"{folder}/a.png", f"b/{folder}/c/a.png", f"b/{folder}x/a.png")
    found = search(tmp_path, PICTURES)
    assert found.files == sorted(["a.png", f"b/{folder}x/a.png"]) if folder[0] != "." else ["a.png"]
    assert {folder, f"b/{folder}"} <= set(found.left_out)


def test_the_given_folder_is_searched_whatever_its_name(tmp_path):
    assert search(fill(tmp_path / ".thumbnails/@eaDir", "a.png"), PICTURES).files == ["a.png"]


def test_one_line_counts_what_was_left_out(tmp_path):
    fill(tmp_path, "a.png", "._a.png", ".DS_Store", ".nomedia", "b/Thumbs.db", "b/@eaDir/x.png", "@eaDir/a.png")
    found = search(tmp_path, PICTURES)
    assert found.left_out == ["._a.png", "@eaDir", "b/@eaDir", "b/Thumbs.db"]
    assert found.describe_left_out() == (
        "left out 4 hidden files and files of other programs (._a.png, @eaDir and Thumbs.db)"
    )
    fill(tmp_path, ".cache/x.png", ".git/x", "__MACOSX/x")
    assert "(._a.png, .cache, .git and 3 more)" in search(tmp_path, PICTURES).describe_left_out()


def test_a_folder_is_searched_by_its_own_name_and_links_to_it_are_counted(tmp_path):
    fill(tmp_path, "real/a.png")
    os.symlink("real", tmp_path / "a_link")
    os.symlink("..", tmp_path / "real/up")
    found = search(tmp_path, PICTURES)
    assert found.files == ["real/a.png"]
    assert found.describe_left_out() == "left out 2 links (a_link and up) to folders that are searched anyway"


def test_links_to_other_folders_are_followed_once(tmp_path):
    fill(tmp_path, "elsewhere/a.png", "elsewhere/deep/b.png", "root/c.png")
    for name in ("one", "two"):
        os.symlink(tmp_path / "elsewhere", tmp_path / "root" / name)
    os.symlink(tmp_path / "root", tmp_path / "elsewhere/back")
    found = search(tmp_path / "root", PICTURES)
    assert found.files == ["c.png", "one/a.png", "one/deep/b.png"]
    assert sorted(found.links) == ["one/back", "two"]


def test_unreadable_folders_are_named(tmp_path, monkeypatch):
    fill(tmp_path, "a.png", "closed/b.png")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if os.path.basename(path) == "closed":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = search(tmp_path, PICTURES)
    assert found.files == ["a.png"]
    assert found.unreadable == [(tmp_path / "closed", "Permission denied")]
