from __future__ import annotations

import hashlib
import shutil
import subprocess

import pytest

from hyperthumb.base.errors import CheckpointError
from hyperthumb.models.zoo.checksums import FILE_NAME, read_sums, record, verify


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "photo_4x.safetensors"
    path.write_bytes(b"weights" * 1000)
    record(path)
    return path


def test_the_list_is_sha256sum_s(tmp_path, model):
    assert (tmp_path / FILE_NAME).read_text() == f"{hashlib.sha256(model.read_bytes()).hexdigest()}  {model.name}\n"
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "--strict", "-c", FILE_NAME], cwd=tmp_path, check=True, capture_output=True)


def test_a_line_is_replaced_and_lines_of_files_that_are_gone_go(tmp_path, model):
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
        (b"weights" * 500, r"not whole \(3,500 bytes.*install hyperthumb anew"),
        (b"", r"not whole \(0 bytes"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 2000000\n", "`git lfs pull` fetches it"),
    ],
)
def test_another_content_is_refused(model, content, sentence):
    verify(model)
    model.write_bytes(content)
    with pytest.raises(CheckpointError, match=sentence):
        verify(model)


def test_what_is_not_in_the_list_is_refused(tmp_path, model):
    (tmp_path / FILE_NAME).unlink()
    with pytest.raises(CheckpointError, match=f"not in the list {FILE_NAME}"):
        verify(model)
