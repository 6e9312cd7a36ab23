from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from hyperthumb.cli.sources import Selection, Source, find_sources, is_thumbnail
from hyperthumb.cli.streams import STANDARD_INPUT


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("a.png", "b.PNG", "c.txt", ".hidden.png", "deep/er/d.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(*words: str, **settings: object) -> list[str]:
    return [source.path.as_posix() for source in select(*words, **settings).sources]


def select(*words: str, **settings: object) -> Selection:
    return find_sources(words, (".png",), "photographs", **settings)


def test_files_are_taken_whatever_their_names(folder):
    assert found("c.txt", "missing.png") == ["c.txt", "missing.png"]


def test_folders_are_searched_to_the_bottom(folder):
    assert found(".") == ["a.png", "b.PNG", "deep/er/d.png"]
    (source,) = select("deep").sources
    assert source == (Path("deep/er/d.png"), Path("er/d.png"), None)


def test_patterns_that_the_shell_has_not_expanded_are_expanded(folder):
    assert found("*.png") == ["a.png"]
    assert found("**/*.[pP][nN][gG]") == ["a.png", "b.PNG", "deep/er/d.png"]
    assert select("*.webp").sources[0].problem == "no file matches this pattern"


def test_a_file_whose_name_looks_like_a_pattern_is_found(folder):
    (folder / "a[1].png").write_bytes(b"x")
    assert found("a[1].png") == ["a[1].png"]


def test_every_file_is_taken_once(folder):
    os.symlink("a.png", "link.png")
    assert found("a.png", ".", "./a.png", "*.png") == ["a.png", "b.PNG", "deep/er/d.png"]


def test_a_link_never_takes_the_place_of_the_file_it_leads_to(folder):
    os.symlink("b.PNG", "A_link.png")
    os.symlink("er", "deep/a")
    selection = select(".")
    assert [source.path.as_posix() for source in selection.sources] == ["a.png", "b.PNG", "deep/er/d.png"]
    assert selection.remarks == [
        ".: left out 1 hidden file or file of another program (.hidden.png) and "
        "1 link (a) to folders that are searched anyway",
        "left out 1 link (A_link.png) to files that are used anyway",
    ]
    assert found(".", "A_link.png") == ["A_link.png", "a.png", "b.PNG", "deep/er/d.png"]
    assert found("A_link.png", ".") == ["A_link.png", "a.png", "b.PNG", "deep/er/d.png"]
    assert found("A_link.png", "b.PNG") == ["A_link.png", "b.PNG"]


def test_of_links_to_one_file_elsewhere_the_first_is_taken(folder):
    (folder / "links").mkdir()
    for name in ("two.png", "one.png"):
        os.symlink("../a.png", f"links/{name}")
    assert select("links") == (
        [Source(Path("links/one.png"), Path("one.png"))],
        ["left out 1 link (two.png) to files that are used anyway"],
    )


def test_patterns_leave_out_the_folders_of_other_programs_too(folder):
    (folder / "deep/@eaDir").mkdir()
    (folder / "deep/@eaDir/d.png").touch()
    selection = select("**/*.png")
    assert [source.path.as_posix() for source in selection.sources] == ["a.png", "deep/er/d.png"]
    assert selection.remarks == ["**/*.png: left out 1 file (d.png) in folders of other programs"]
    assert found("deep/@eaDir/*.png") == ["deep/@eaDir/d.png"]


def test_a_subfolder_that_cannot_be_read_is_a_failure(folder, monkeypatch):
    scandir = os.scandir

    def refuse(path: str) -> object:
        if os.path.basename(path) == "er":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert [(source.path.as_posix(), source.problem) for source in select(".").sources] == [
        ("deep/er", "this folder cannot be read (Permission denied)"),
        ("a.png", None),
        ("b.PNG", None),
    ]


@pytest.mark.parametrize("word", ["-", "/dev/stdin", "/dev/fd/0"])
def test_standard_input_is_taken_once(folder, word):
    (source,) = select(word, "-").sources
    assert source == (STANDARD_INPUT, Path("stdin"), None)
    (folder / "-").write_bytes(b"x")
    assert select("./-").sources == [(Path("-"), Path("-"), None)]


def test_an_empty_argument_is_not_the_current_folder(folder):
    assert [source.problem for source in select("").sources] == ["this name is empty"]


def test_a_folder_without_matching_files_is_an_error(folder):
    (folder / "empty").mkdir()
    assert select("empty").sources[0].problem == "there are no photographs in this folder"
    (nothing,), _ = find_sources(["."], (".png",), "thumbnails", wanted=lambda path: False)
    assert nothing.problem == "there are no thumbnails in this folder, only 3 other pictures"
    one = find_sources(["deep"], (".png",), "thumbnails", wanted=lambda path: False).sources[0]
    assert one.problem == "there are no thumbnails in this folder, only 1 other picture"


def test_a_pipe_in_a_folder_is_skipped_without_waiting_for_it(folder):
    os.mkfifo("pipe.jpg")
    answers = []
    asking = threading.Thread(target=lambda: answers.append(is_thumbnail(Path("pipe.jpg"))), daemon=True)
    asking.start()
    asking.join(20)
    assert answers == [False]
