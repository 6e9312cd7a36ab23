"""Standard input and standard output in the place of files."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

import hyperthumb
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.cli import streams
from hyperthumb.cli.main import main
from hyperthumb.cli.streams import STANDARD_INPUT, read_source
from tests.cli.files import read, save


class Finished(NamedTuple):
    code: int
    out: bytes
    err: str


Pipe = Callable[..., Finished]


@pytest.fixture
def pipe(tmp_path, monkeypatch, capfdbinary, tiny_model) -> Pipe:
    """Runs the tool in an empty folder with bytes as standard input; its standard output is bytes, too."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, data: bytes = b"", model: bool = True) -> Finished:
        with monkeypatch.context() as patch, open(1, "w", closefd=False) as out:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
            patch.setattr(sys, "stdout", out)
            code = main([*arguments, *(["--model", str(tiny_model)] if model else [])])
        captured = capfdbinary.readouterr()
        return Finished(code, captured.out, captured.err.decode())

    return call


def decoded(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


@pytest.mark.parametrize("words", [("-", "-"), ("/dev/stdin", "/dev/stdout")])
def test_a_photograph_is_compressed_and_restored_through_pipes(pipe, tiny_model, words):
    pixels = save("photo.png", 57, 83)
    codec = hyperthumb.load(tiny_model, device="cpu")
    code, thumbnail, err = pipe("compress", words[0], "-o", words[1], data=Path("photo.png").read_bytes())
    assert (code, thumbnail) == (0, codec.compress(pixels))
    assert err.startswith("standard input -> standard output: 83x57, ")
    code, restored, err = pipe("restore", words[0], "-o", words[1], "-q", data=thumbnail)
    assert (code, err) == (0, "")
    np.testing.assert_array_equal(decoded(restored), codec.restore(thumbnail))
    assert restored.startswith(b"\x89PNG")
    code, restored, _ = pipe("restore", words[0], "-o", words[1], "--format", "webp", data=thumbnail)
    assert (code, restored[8:12]) == (0, b"WEBP")
    assert os.listdir() == ["photo.png"]
    code, out, err = pipe("inspect", words[0], "--verify", data=thumbnail, model=False)
    assert (code, err) == (0, "")
    assert out.startswith(b"standard input:\n  thumbnail")
    said = json.loads(pipe("inspect", words[0], "--json", data=thumbnail, model=False).out)
    assert (said["input"], said["bytes"]) == ("standard input", len(thumbnail))


def test_input_or_output_may_be_a_file(pipe):
    save("photo.png")
    thumbnail = pipe("compress", "photo.png", "-o", "-").out
    assert pipe("restore", "-", "-o", "restored.png", data=thumbnail).code == 0
    assert read("restored.png").shape == (41, 50, 3)
    assert pipe("restore", "-", "-o", "folder/", data=thumbnail).code == 0
    assert os.listdir("folder") == ["stdin.restored.png"]


def test_standard_input_is_one_of_several_sources(pipe):
    save("photo.png")
    data = Path("photo.png").read_bytes()
    finished = pipe("compress", "-", "photo.png", "-o", "thumbs", data=data)
    assert (finished.code, finished.err) == (0, "2 of 2 compressed\n")
    assert sorted(os.listdir("thumbs")) == ["photo.thumb.jpg", "stdin.thumb.jpg"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-"], "standard input has no name from which to derive the result's; give a file or folder with -o"),
        (["-", "photo.png", "-o", "-"], "-o - is a single file, but there are 2 results to write; give a folder"),
        (["photo.png", "-o", "-", "--json"], "-o - and --json both write to standard output"),
    ],
)
def test_contradicting_arguments_are_errors(pipe, arguments, sentence):
    save("photo.png")
    code, out, err = pipe("compress", *arguments, data=Path("photo.png").read_bytes())
    assert (code, out) == (2, b"")
    assert err.startswith(f"error: {sentence}")
    assert os.listdir() == ["photo.png"]


def test_no_picture_is_written_to_a_terminal(run, monkeypatch):
    save("photo.png")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    code, out, err = run("compress", "photo.png", "-o", "-")
    assert (code, out) == (2, "")
    assert "standard output is a terminal" in err


@pytest.mark.parametrize(
    ("data", "reason"), [(b"", "it is empty; did the previous command fail?"), (b"no picture", "it is not a picture")]
)
def test_input_that_is_not_a_picture_is_an_error(pipe, data, reason):
    code, out, err = pipe("compress", "-", "-o", "-", data=data)
    assert (code, out) == (1, b"")
    assert err.startswith(f"error: standard input: {reason}")


def test_a_thumbnail_is_not_compressed_again(pipe):
    save("photo.jpg")
    thumbnail = pipe("compress", "photo.jpg", "-o", "-").out
    code, out, err = pipe("compress", "-", "-o", "-", data=thumbnail)
    assert (code, out) == (1, b"")
    assert "error: standard input: this is already a thumbnail of hyperthumb" in err


def test_a_failure_writes_nothing_to_standard_output(pipe):
    save("photo.png")
    thumbnail = pipe("compress", "photo.png", "-o", "-").out
    assert pipe("restore", "-", "-o", "-", data=thumbnail[:-100])[:2] == (1, b"")


def test_input_that_cannot_be_read_is_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.png").write_bytes(b"x")
    Path("deep").mkdir()
    assert read_source(Path("a.png")) == b"x"
    with pytest.raises(HyperthumbError, match=r"cannot be read \(No such file or directory\)"):
        read_source(Path("missing"))
    with pytest.raises(HyperthumbError, match="not an ordinary file"):
        read_source(Path("deep"))
    os.mkfifo("pipe.png")
    with pytest.raises(HyperthumbError, match="not an ordinary file"):
        read_source(Path("pipe.png"))
    monkeypatch.setattr(streams, "MAX_FILE_BYTES", 0)
    with pytest.raises(HyperthumbError, match="larger than 0 bytes"):
        read_source(Path("a.png"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x")))
    with pytest.raises(HyperthumbError, match="it has more than 0 bytes"):
        read_source(STANDARD_INPUT)
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(HyperthumbError, match="it is closed"):
        read_source(STANDARD_INPUT)


def test_an_open_descriptor_is_read_as_a_shell_passes_it():
    """As `hyperthumb inspect <(cat a.jpg)` does."""
    reading, writing = os.pipe()
    os.write(writing, b"abc")
    os.close(writing)
    try:
        assert read_source(Path(f"/dev/fd/{reading}")) == b"abc"
    finally:
        os.close(reading)


SHELL = '"$1" -m hyperthumb '


def shell(command: str, model: Path) -> subprocess.CompletedProcess[bytes]:
    line = command.replace("hyperthumb ", SHELL)
    return subprocess.run(
        ["sh", "-c", line, "sh", sys.executable, model], capture_output=True, check=False, timeout=300
    )


def test_whole_processes_in_a_pipeline(tmp_path, monkeypatch, tiny_model):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.chdir(tmp_path)
    save("photo.png")
    both = 'hyperthumb compress - -o - --model "$2" < photo.png | hyperthumb restore - -o - --model "$2" -q'
    result = shell(both, tiny_model)
    assert result.returncode == 0, result.stderr
    assert decoded(result.stdout).shape == (41, 50, 3)
    assert result.stderr.startswith(b"standard input -> standard output: ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize(("redirect", "reason"), [("> /dev/full", b"No space left on device"), (">&-", b"Bad file")])
def test_a_closed_or_full_standard_output_is_an_error(tmp_path, monkeypatch, tiny_model, redirect, reason):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.chdir(tmp_path)
    save("photo.png")
    result = shell(f'hyperthumb compress photo.png -o - --model "$2" {redirect}', tiny_model)
    assert result.returncode == 1
    assert result.stderr.startswith(b"error: photo.png: cannot write to standard output: " + reason)
    assert os.listdir() == ["photo.png"]
