from __future__ import annotations

import hashlib
import shutil
import subprocess

import pytest

from hyperthumb.base.errors import CheckpointError
from hyperthumb.models.zoo.checksums import FILE_NAME, read_sums, verify
from model_card import record


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "photo_4x.safetensors"
    path.write_bytes(b"weights" * 1000)
    record(path)
    return path


def test_sha256sum_accepts_the_list(tmp_path, model):
    assert (tmp_path / FILE_NAME).read_text() == f"{hashlib.sha256(model.read_bytes()).hexdigest()}  {model.name}\n"
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "--strict", "-c", FILE_NAME], cwd=tmp_path, check=True, capture_output=True)


def test_recording_replaces_the_entry_and_removes_deleted_files(tmp_path, model):
    other = tmp_path / "a.safetensors"
    other.write_bytes(b"a")
    record(other)
    assert list(read_sums(tmp_path)) == ["a.safetensors", model.name]
    model.write_bytes(b"new")
    other.unlink()
    record(model)
    assert read_sums(tmp_path) == {model.name: hashlib.sha256(b"new").hexdigest()}
    verify(model)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"weights" * 500, r"incomplete: its 3,500 bytes.*reinstall hyperthumb"),
        (b"", r"incomplete: its 0 bytes"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 2000000\n", "run `git lfs pull`"),
    ],
)
def test_changed_content_is_refused(model, content, sentence):
    verify(model)
    model.write_bytes(content)
    with pytest.raises(CheckpointError, match=sentence):
        verify(model)


def test_a_file_that_is_not_listed_is_refused(tmp_path, model):
    (tmp_path / FILE_NAME).unlink()
    with pytest.raises(CheckpointError, match=f"not listed in {FILE_NAME}"):
        verify(model)
