from __future__ import annotations

import os
from pathlib import Path

import pytest

from hyperthumb.cli.sources import Source
from hyperthumb.cli.targets import Job, Naming, UsageError, plan

NAMING = Naming(".thumb", ".jpg", (".jpg", ".jpeg"), "thumbnails")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def planned(names: list[str], output: str | None = None, naming: Naming = NAMING, **settings: object) -> list[Job]:
    sources = [Source(Path("in") / name, Path(name)) for name in names]
    return plan(sources, output, naming, **{"overwrite": False, "skip_existing": False, **settings})


def targets(*arguments: object, **settings: bool) -> list[str]:
    return [job.target.as_posix() for job in planned(*arguments, **settings) if job.target and not job.problem]


def test_results_lie_beside_their_sources_by_default():
    assert targets(["a.png", "b/c.tar.webp"]) == ["in/a.thumb.jpg", "in/b/c.tar.thumb.jpg"]


def test_a_restored_name_has_no_thumb_tag():
    back = Naming(".restored", ".png", (".png",), "restored photographs")
    assert targets(["a.thumb.jpg", "b.jpg", "c.restored.jpg"], None, back) == [
        "in/a.restored.png",
        "in/b.restored.png",
        "in/c.restored.png",
    ]
    assert targets([".thumb.jpg"], None, back) == ["in/.thumb.restored.png"]


@pytest.mark.parametrize("output", ["out", "out/", "out.d", "there.jpg"])
def test_an_output_folder_keeps_the_subfolders(output):
    Path("there.jpg").mkdir()
    folder = output.rstrip("/")
    assert targets(["a.png", "b/c.png"], output) == [f"{folder}/a.thumb.jpg", f"{folder}/b/c.thumb.jpg"]


def test_one_source_can_be_written_to_a_named_file():
    assert targets(["a.png"], "x/small.JPG") == ["x/small.JPG"]
    assert targets(["a.png"], "small.jpg/") == ["small.jpg/a.thumb.jpg"]


def test_several_sources_to_one_file_are_an_error():
    with pytest.raises(
        UsageError, match=r"-o small\.jpg is a single file, but there are 2 results to write; give a folder"
    ):
        planned(["a.png", "b.png"], "small.jpg")


@pytest.mark.parametrize("name", ["x.png", "x.WEBP", "x.heic"])
def test_an_extension_that_cannot_be_written_is_not_taken_for_a_folder(name):
    with pytest.raises(UsageError, match=r"the name of thumbnails must end in \.jpg or \.jpeg"):
        planned(["a.png"], name)


def test_existing_files_are_errors_skipped_or_overwritten():
    Path("in").mkdir()
    Path("in/a.thumb.jpg").write_bytes(b"old")
    os.symlink("nowhere", "in/c.thumb.jpg")
    names = ["a.png", "b.png", "c.png"]
    refused, fine, dangling = planned(names)
    assert refused.problem == f"{Path('in/a.thumb.jpg')} exists; use --overwrite to replace it"
    assert not refused.skipped
    assert fine.problem is None
    assert dangling.problem is not None
    assert [job.problem for job in planned(names, overwrite=True)] == [None] * 3
    assert [job.skipped for job in planned(names, skip_existing=True)] == [True, False, True]


def test_two_sources_never_share_a_target():
    first, second = planned(["a.png", "a.jpg"])
    assert first.problem is None
    assert "same name as that of in/a.png" in second.problem
    assert planned(["a.png", "a.jpg"], overwrite=True)[1].problem is not None


def test_a_file_that_cannot_be_read_claims_no_target():
    asked = []

    def complain(path: Path) -> str | None:
        asked.append(path.name)
        return "is not read" if path.suffix == ".CR2" else None

    names = ["1.CR2", "1.JPG", "2.CR2", "3.JPG", "1.PNG"]
    raw, jpeg, alone, other, late = planned(names, "out", complain=complain)
    assert (raw.target, raw.problem) == (None, "is not read")
    assert (jpeg.target, jpeg.problem) == (Path("out/1.thumb.jpg"), None)
    assert (alone.problem, other.problem) == (None, None)
    same = f"its result would have the same name as that of {Path('in/1.JPG')}, {Path('out/1.thumb.jpg')}"
    assert late.problem == f"{same}; rename one of them"
    assert asked == ["1.CR2", "1.JPG", "1.PNG"], "the others are read once, when they are worked on"


def test_a_source_is_never_written_over():
    for overwrite in (False, True):
        jobs = planned(["a.png", "a.thumb.jpg"], overwrite=overwrite)
        assert [job.problem for job in jobs] == ["its result would replace the source in/a.thumb.jpg"] * 2
    assert "replace the source" in planned(["a.jpg"], "in/../in/a.jpg", overwrite=True)[0].problem


def test_problems_with_sources_are_kept():
    (job,) = plan([Source(Path("x"), Path("x"), "no such thing")], "out", NAMING, False, False)
    assert job == Job(Path("x"), None, "no such thing")
