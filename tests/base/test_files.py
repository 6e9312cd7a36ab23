from __future__ import annotations

import errno
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
import torch

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.files import make_folder, pretty_json, remove_scraps, write_atomically, writing


@pytest.mark.parametrize("durable", [False, True])
def test_an_existing_file_is_replaced(tmp_path, durable):
    path = tmp_path / "a.bin"
    write_atomically(path, b"old", durable)
    write_atomically(path, lambda file: file.write(b"new"), durable)
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_a_failed_write_keeps_the_old_file_and_leaves_no_temporary_files(tmp_path, monkeypatch):
    path = tmp_path / "weights.pth"
    write_atomically(path, partial(torch.save, {"a": 1}))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(HyperthumbError, match=r"weights\.pth.*No space left.*MiB free"):
        write_atomically(path, partial(torch.save, {"a": 2}), durable=True)
    assert torch.load(path, weights_only=True) == {"a": 1}
    assert os.listdir(tmp_path) == ["weights.pth"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EEXIST, errno.ENAMETOOLONG, errno.EACCES])
def test_the_message_names_free_space_only_if_the_disk_is_full(tmp_path, number):
    reason = re.escape(os.strerror(number))
    if number in (errno.ENOSPC, errno.EDQUOT):
        reason += r" \(\d+\.\d MiB free there\)"
    with pytest.raises(HyperthumbError, match=rf": {reason}$"), writing(tmp_path / "file"):
        raise OSError(number, os.strerror(number))


def test_temporary_files_of_a_killed_process_are_removed(tmp_path):
    child = os.fork()
    if child == 0:
        write_atomically(tmp_path / "kept.bin", b"kept")
        write_atomically(tmp_path / "lost.bin", lambda file: os._exit(0))
    os.waitpid(child, 0)
    (tmp_path / ".mine.tmp").touch()
    assert len(os.listdir(tmp_path)) == 3
    remove_scraps(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".mine.tmp", "kept.bin"]


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to("nowhere")
    for place in ("file/a", "file/folder/a", "link/a"):
        path, blocking = tmp_path / place, tmp_path / place.partition("/")[0]
        with pytest.raises(HyperthumbError) as raised:
            write_atomically(path, b"")
        assert str(raised.value) == f"cannot write {path}: {blocking} is not a folder"


def test_a_folder_in_whose_place_a_file_is_cannot_be_made(tmp_path):
    make_folder(tmp_path / "a/b")
    make_folder(tmp_path / "a/b")
    assert (tmp_path / "a/b").is_dir()
    file = tmp_path / "file"
    file.touch()
    for folder in (file, file / "a"):
        with pytest.raises(HyperthumbError) as raised:
            make_folder(folder)
        assert str(raised.value) == f"cannot write {folder}: {file} is not a folder"


def test_a_name_of_the_longest_length_can_be_written(tmp_path):
    path = tmp_path / ("n" * 255)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"


def test_files_of_one_folder_can_be_written_in_parallel(tmp_path):
    contents = {tmp_path / f"{number}.bin": bytes([number]) * 100_000 for number in range(50)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write_atomically, contents, contents.values()))
    assert all(path.read_bytes() == content for path, content in contents.items())
    assert len(os.listdir(tmp_path)) == len(contents)


def test_json_keeps_lists_of_numbers_on_one_line():
    value = {"name": "ä", "rows": [{"a": [1, 2.5], "b": {}}, {"a": [], "b": {"c": None}}]}
    text = pretty_json(value)
    assert json.loads(text) == value
    assert '      "a": [1, 2.5],\n' in text
    with pytest.raises(ValueError, match="not JSON compliant"):
        pretty_json([float("nan")])
