"""Wrong arguments, other people's files, interrupts, full disks: what the tool says and leaves behind."""

from __future__ import annotations

import io
import json
import os
import signal
import tempfile
from functools import partial
from pathlib import Path

import pytest
from PIL import Image, ImageCms
from tqdm import tqdm

import hyperthumb
from hyperthumb.cli import batch, compress
from hyperthumb.jpeg.inspection import describe
from tests.cli.files import save
from tests.support import photograph

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "usage: hyperthumb"),
        (["compres", "a.png"], "invalid choice: 'compres'"),
        (["compress"], "the following arguments are required: PHOTO"),
        (["compress", "a.png", "--bpp", "0.3", "--max-bytes", "100"], "not allowed with argument"),
        (["compress", "a.png", "--bpp", "-1"], '"-1" is not a number above 0'),
        (["compress", "a.png", "--bpp", "nan"], '"nan" is not a number above 0'),
        (["compress", "a.png", "--max-bytes", "20k"], '"20k" is not a whole number above 0'),
        (["compress", "a.png", "--jobs", "0"], '"0" is not a whole number above 0'),
        (["compress", "a.png", "--background", "reddish"], '"reddish" is not a color'),
        (["compress", "a.png", "--tile", "8"], "a tile must have at least 64 rows, not 8"),
        (["compress", "a.png", "--device", "tpu"], "invalid choice: 'tpu'"),
        (["compress", "a.png", "--overwrite", "--skip-existing"], "not allowed with argument"),
        (["compress", "a.png", "-o", ""], "the name after -o is empty"),
        (["compress", "a.png", "-o", "a.webp"], "the name of thumbnails must end in .jpg or .jpeg"),
        (["compress", "a.png", "b.png", "-o", "x.jpg"], "-o x.jpg is a single file, but there are 2 results"),
        (["compress", "a.png", "--over"], "unrecognized arguments: --over"),
        (
            ["restore", "a.jpg", "-o", "a.gif"],
            "the name of restored photographs must end in .png, .webp, .jpg or .jpeg",
        ),
        (["restore", "a.jpg", "-o", "a.png", "--format", "webp"], "contradicts --format webp"),
        (["restore", "a.jpg", "--size", "100"], '"100" is not a size such as 1920x1080'),
        (["compress", "a.png", "--model", "lite_3x"], 'there is no model "lite_3x"; did you mean "lite_4x"?'),
        (["restore", "a.jpg", "--model", "missing.safetensors"], 'there is no model "missing.safetensors"'),
        (["restore", "a.jpg", "--model", "a.png"], "a.png cannot be read as a model file"),
    ],
)
def test_wrong_arguments_give_a_message_and_nothing_is_tried(run, arguments, sentence):
    save("a.png")
    save("b.png", seed=1)
    code, out, err = run(*arguments, model=False)
    assert code == 2
    assert out == ""
    assert sentence in " ".join(err.split())
    assert sorted(os.listdir()) == ["a.png", "b.png"]


def test_help_and_version_are_printed(run):
    code, out, _ = run("--help", model=False)
    assert code == 0
    for command in ("compress", "restore", "inspect", "models"):
        assert command in out
    for command in ("compress", "restore", "inspect", "models"):
        code, out, _ = run(command, "--help", model=False)
        assert code == 0
        assert "--json" in out
    assert run("--version", model=False)[:2] == (0, f"hyperthumb {hyperthumb.__version__}\n")


def test_inspect_prints_readable_text(run):
    save("photo.png", 300, 400)
    run("compress", "photo.png")
    code, out, _ = run("inspect", "photo.thumb.jpg", model=False)
    assert code == 0
    said = describe(Path("photo.thumb.jpg").read_bytes())
    words = " ".join(out.split())
    for expected in (
        "thumbnail 100x75, 4:4:4",
        f"{said.num_bytes:,} bytes, {said.header_bytes:,} bytes ({100 * said.header_share:.1f} %) of header",
        f"photograph 400x300, {said.bpp:.3f} bpp",
        "scale 4",
        f"model {said.model_id.hex()}",
        "coding progressive, optimized Huffman tables (profile small)",
        f"scans Y Cb Cr 0: {said.scans[0].num_bytes:,} bytes Y 1-",
        " ".join(map(str, said.tables[0][0])),
    ):
        assert expected in words
    assert "unchanged" not in words
    assert "unchanged yes" in " ".join(run("inspect", "photo.thumb.jpg", "--verify", model=False)[1].split())


def test_inspect_reads_other_jpegs(run):
    Image.fromarray(photograph(40, 40)).save("photo.jpg")
    Image.fromarray(photograph(40, 40)[..., 0]).save("grey.jpg")
    code, out, _ = run("inspect", ".", "--verify", model=False)
    assert code == 0
    words = " ".join(out.split())
    assert "40x40, 4:2:0" in words
    assert "40x40, grey" in words
    assert words.count("photograph unknown") == 2


@pytest.mark.parametrize("command", ["compress", "restore"])
def test_an_interrupt_leaves_nothing_half_written(run, monkeypatch, command):
    save("photo.png")
    run("compress", "photo.png")
    before = sorted(os.listdir())

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    code, _, err = run(command, "photo.png" if command == "compress" else "photo.thumb.jpg", "--overwrite")
    assert (code, err) == (130, "interrupted\n")
    assert sorted(os.listdir()) == before


def test_termination_leaves_nothing_half_written(run, monkeypatch):
    save("photo.png")
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(os, "replace", lambda *_: signal.raise_signal(signal.SIGTERM))
    assert run("compress", "photo.png") == (143, "", "")
    assert os.listdir() == ["photo.png"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_full_disk_fails_one_file_and_not_the_batch(run, monkeypatch):
    save("a.png")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    code, _, err = run("compress", "a.png")
    assert code == 1
    assert "error: a.png: cannot write a.thumb.jpg: No space left on device" in err
    assert os.listdir() == ["a.png"]


def test_a_temporary_folder_that_cannot_be_used_is_named(run, monkeypatch):
    save("a.png")
    monkeypatch.setattr(tempfile, "tempdir", "missing")
    code, _, err = run("compress", "a.png")
    assert code == 1
    assert "error: a.png: cannot use the temporary folder missing (No such file" in err


def test_large_photographs_are_read_and_decompression_bombs_are_refused(run, monkeypatch):
    save("photo.png", 60, 70)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)  # Pillow's own limit, as low as a medium-format camera finds it
    assert run("compress", "photo.png")[0] == 0
    monkeypatch.setattr(compress, "MAX_COMPRESSED_PIXELS", 60 * 70 - 1)
    code, _, err = run("compress", "photo.png", "--overwrite")
    assert code == 1
    assert "error: photo.png: 70x60 is more than 4,199 pixels" in err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_single_large_picture_has_a_bar_on_a_terminal(run, monkeypatch):
    save("photo.png", 700, 40)
    monkeypatch.setattr("tqdm.tqdm", partial(tqdm, mininterval=0))
    monkeypatch.setattr(batch, "BAR_DELAY", 0)
    for stream, has_bar in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(batch.sys, "stderr", stream)
        assert run("compress", "photo.png", "--tile", "64", "--overwrite")[0] == 0
        assert ("compressed: 100%" in stream.getvalue()) == has_bar


def test_the_progress_bar_appears_in_terminals_only(run, monkeypatch):
    terminal = Terminal()
    for number in range(3):
        save(f"{number}.png", seed=number)
    monkeypatch.setattr(batch.sys, "stderr", terminal)
    code, out, _ = run("compress", ".", "--json")
    assert code == 0
    assert len([json.loads(line) for line in out.splitlines()]) == 3
    assert "3/3" in terminal.getvalue()
