from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.cli import sources
from hyperthumb.cli.sources import find_sources, is_thumbnail, read_source


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("a.png", "b.PNG", "c.txt", ".hidden.png", "deep/er/d.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(*words: str, **settings: object) -> list[str]:
    return [source.path.as_posix() for source in find_sources(words, (".png",), "photographs", **settings)]


def test_files_are_taken_whatever_their_names(folder):
    assert found("c.txt", "missing.png") == ["c.txt", "missing.png"]


def test_folders_are_searched_to_the_bottom(folder):
    assert found(".") == ["a.png", "b.PNG", "deep/er/d.png"]
    (source,) = find_sources(["deep"], (".png",), "photographs")
    assert source == (Path("deep/er/d.png"), Path("er/d.png"), None)


def test_patterns_that_no_shell_has_expanded(folder):
    assert found("*.png") == ["a.png"]
    assert found("**/*.[pP][nN][gG]") == ["a.png", "b.PNG", "deep/er/d.png"]
    assert find_sources(["*.webp"], (".png",), "photographs")[0].problem == "no file matches this pattern"


def test_a_file_whose_name_is_a_pattern(folder):
    (folder / "a[1].png").write_bytes(b"x")
    assert found("a[1].png") == ["a[1].png"]


def test_every_file_once(folder):
    os.symlink("a.png", "link.png")
    assert found("a.png", ".", "./a.png", "*.png") == ["a.png", "b.PNG", "deep/er/d.png"]


def test_an_empty_word_is_not_this_folder(folder):
    assert [source.problem for source in find_sources([""], (".png",), "photographs")] == ["this name is empty"]


def test_a_folder_without_them(folder):
    (folder / "empty").mkdir()
    assert find_sources(["empty"], (".png",), "photographs")[0].problem == "there are no photographs in this folder"
    (nothing,) = find_sources(["."], (".png",), "thumbnails", wanted=lambda path: False)
    assert nothing.problem == "there are no thumbnails in this folder; 3 other pictures are there"


def test_what_cannot_be_read(folder, monkeypatch):
    assert read_source(Path("a.png")) == b"x"
    with pytest.raises(HyperthumbError, match=r"cannot be read \(No such file or directory\)"):
        read_source(Path("missing"))
    with pytest.raises(HyperthumbError, match="not an ordinary file"):
        read_source(Path("deep"))
    os.mkfifo("pipe.png")
    with pytest.raises(HyperthumbError, match="not an ordinary file"):
        read_source(Path("pipe.png"))
    monkeypatch.setattr(sources, "MAX_FILE_BYTES", 0)
    with pytest.raises(HyperthumbError, match="larger than 0 bytes"):
        read_source(Path("a.png"))


def test_a_pipe_is_no_thumbnail_and_is_not_waited_for(folder):
    os.mkfifo("pipe.jpg")
    answers = []
    asking = threading.Thread(target=lambda: answers.append(is_thumbnail(Path("pipe.jpg"))), daemon=True)
    asking.start()
    asking.join(20)
    assert answers == [False]
