"""Broken options files, each with all that must be said of it: `bad_options/<kind>/<name>.yml` and `<name>.txt`.

The names of registered classes, which grow, stand in the texts as `<loss>` and the like; all else is compared exactly.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hyperthumb.base.basicsr_bridge import known_archs
from hyperthumb.base.registry import ARCHS, BASELINES, LOSSES, RATE_MODELS
from hyperthumb.config import (
    OptionsError,
    load_benchmark_options,
    load_network_options,
    load_test_options,
    load_train_options,
)

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "bad_options"
LOAD = {"train": load_train_options, "test": load_test_options, "benchmark": load_benchmark_options}
BROKEN = [path.relative_to(FOLDER).as_posix() for kind in LOAD for path in sorted((FOLDER / kind).glob("*.yml"))]
KINDS = (ARCHS, BASELINES, LOSSES, RATE_MODELS)


@pytest.fixture(autouse=True)
def _options_folder(tmp_path, monkeypatch):
    """A copy of the files, which are named relative to it, and the folder of photographs that the good ones name."""
    shutil.copytree(FOLDER, tmp_path / "options")
    (tmp_path / "data/photos").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "options")
    monkeypatch.setenv("HYPERTHUMB_DATA", "../data")


def expected(file: str) -> str:
    text = Path(file).with_suffix(".txt").read_text(encoding="utf-8").removesuffix("\n")
    for registry in KINDS:
        text = text.replace(f"<{registry.kind}>", ", ".join(registry.names()))
    return text.replace("<BasicSR>", ", ".join(known_archs()))


def test_there_are_at_least_thirty_broken_files_with_their_complaints():
    assert len(BROKEN) >= 30
    texts = sorted(path.relative_to(FOLDER).with_suffix(".yml").as_posix() for path in FOLDER.rglob("*.txt"))
    assert texts == sorted(BROKEN)


@pytest.mark.parametrize("kind", LOAD)
def test_the_base_of_the_broken_files_is_correct(kind):
    LOAD[kind](f"good/{kind}.yml")  # without a warning too, which would be an error here


def test_numbers_are_read_in_any_notation():
    options = load_train_options("good/train.yml")
    assert (options.train.total_iter, options.train.optim_g.lr) == (100, 2e-4)
    assert (options.train.losses.guide.weight, options.train.losses.rate.weight) == (0.6, 0.02)


@pytest.mark.parametrize("file", BROKEN)
def test_a_broken_file_gives_exactly_these_complaints(file):
    with pytest.raises(OptionsError) as caught:
        LOAD[file.partition("/")[0]](file)
    assert str(caught.value) == expected(file)
    assert all(line.isprintable() for line in str(caught.value).splitlines())
    assert not list(Path().rglob("owned"))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: b"%YAML 1.2\n---\n" + text + b"...\n",
        lambda text: text.replace(b"name: good", "name: größe_大".encode()),
    ],
    ids=["Windows' line ends", "byte order mark", "YAML header", "names in any script"],
)
def test_windows_line_ends_and_byte_order_marks_are_read(change):
    path = Path("good/train.yml")
    before = load_train_options(path)
    path.write_bytes(change(path.read_bytes()))
    after = load_train_options(path)
    assert (after.datasets, after.train, after.network_g) == (before.datasets, before.train, before.network_g)
    assert after.name in ("good", "größe_大")


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("train:total_iter", "must be key:key=value, such as train:total_iter=100"),
        ("train.total_iter=3", "keys are joined by colons; write train:total_iter=3"),
        ("train::total_iter=3", "must be key:key=value, such as train:total_iter=100"),
        ("train:total_itr=3", 'train: unknown key "total_itr"; did you mean "total_iter"?'),
        ("train:total_iter=", "train.total_iter: must be a whole number, not nothing (null)"),
        ("train:total_iter=many", 'train.total_iter: must be a whole number, not "many"'),
        ("train:total_iter:more=3", "train.total_iter: must be a whole number, not a mapping"),
        ("train=3", "train: must be a mapping of keys, not 3"),
        ("datasets:train:gt_size=100", "datasets.train.gt_size: 100 is not a multiple of 32 (8 * scale); 96 would be"),
        ("base=good/test.yml", "a file's base cannot be changed here; -opt names another file"),
        ("name=../elsewhere", 'name: "../elsewhere" becomes the name of a folder: no slashes, '),
        ("name=!!python/name:os.system", "the tag !!python/name:os.system is not allowed (only "),
        ("train:freeze=[", "this is not valid YAML: while parsing a flow node, expected the node content, but found "),
        ("name=\x1b[31m", "this is not valid YAML: the character U+001B is not allowed"),
    ],
)
def test_wrong_forced_settings_are_named_one_by_one(entry, complaint):
    with pytest.raises(OptionsError) as caught:
        load_train_options("good/train.yml", [entry])
    (line,) = str(caught.value).splitlines()
    place = f"--force_yml {entry}".replace("\x1b", "\\x1b")
    assert line.startswith(f"{place}: {complaint}")


def test_files_that_are_not_options_are_refused():
    Path("folder.yml").mkdir()
    Path("weights.yml").write_bytes(b"\0" * 3_000_000)
    for path, complaint in {
        "folder.yml": "folder.yml: cannot read it: Is a directory",
        "weights.yml": "weights.yml: it is larger than 1 MB, so it is not an options file",
        "/dev/zero": "/dev/zero: it is larger than 1 MB, so it is not an options file",
        "gone.yml": "gone.yml: there is no such file",
    }.items():
        for load in (*LOAD.values(), load_network_options):
            with pytest.raises(OptionsError) as caught:
                load(path)
            assert str(caught.value) == complaint


@pytest.mark.parametrize(
    ("command", "file", "code"),
    [
        (["run_train.py", "-opt"], "train/contradictions.yml", 1),
        (["run_test.py", "-opt"], "train/python_tag.yml", 1),
        (["-m", "hyperthumb", "benchmark", "-opt"], "train/tab.yml", 2),
    ],
)
def test_a_whole_process_prints_the_complaints_and_writes_nothing(command, file, code):
    script, *rest = command
    script = script if script == "-m" else str(ROOT / script)
    before = sorted(Path().rglob("*"))
    arguments = [sys.executable, script, *rest, file]
    result = subprocess.run(
        arguments, capture_output=True, text=True, timeout=300, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert (result.returncode, result.stdout, result.stderr) == (code, "", f"error: {expected(file)}\n")
    assert sorted(Path().rglob("*")) == before
