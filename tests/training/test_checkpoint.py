from __future__ import annotations

import copy
import errno
import os
import pickle
import shutil
import zipfile
from pathlib import Path

import pytest
import torch

from hyperthumb.base.errors import CheckpointError, HyperthumbError
from hyperthumb.base.files import write_atomically
from hyperthumb.training import checkpoint
from hyperthumb.training.checkpoint import CheckpointFolder, expected_bytes

STATE = {"optimizers": {}, "scaler": {}, "validated": True, "validation_seconds": 0.0}


@pytest.fixture
def folder(tmp_path) -> CheckpointFolder:
    (tmp_path / "models").mkdir()
    (tmp_path / "training_states").mkdir()
    return CheckpointFolder(tmp_path)


def save(folder: CheckpointFolder, iteration: int) -> None:
    folder.save(iteration, {"params": {"w": torch.full((2,), float(iteration))}}, STATE)


def test_newest_is_the_last_saved(folder):
    save(folder, 5)
    save(folder, 10)
    resume = folder.newest()
    assert resume is not None
    assert resume.iteration == 10
    assert resume.weights["params"]["w"].tolist() == [10.0, 10.0]
    latest = torch.load(folder.models / "net_g_latest.pth", weights_only=True)
    assert latest["params"]["w"].tolist() == [10.0, 10.0]


def test_weights_without_a_state_are_the_latest_but_not_resumed(folder, monkeypatch):
    """The other way round, a run killed after its last state would leave older weights under that name for good."""
    save(folder, 5)
    written: list[str] = []

    def kill_before_the_state(path: Path, content: object, durable: bool) -> None:
        written.append(path.name)
        if path.suffix == ".state":
            raise KeyboardInterrupt
        write_atomically(path, content, durable)

    monkeypatch.setattr(checkpoint, "write_atomically", kill_before_the_state)
    with pytest.raises(KeyboardInterrupt):
        save(folder, 10)
    assert written == ["net_g_10.pth", "10.state"]
    latest = torch.load(folder.models / "net_g_latest.pth", weights_only=True)
    assert latest["params"]["w"].tolist() == [10.0, 10.0]
    resume = folder.newest()
    assert resume is not None
    assert resume.iteration == 5


def test_an_empty_folder_has_nothing_to_resume(folder):
    assert folder.newest() is None


@pytest.mark.parametrize("victim", ["models/net_g_10.pth", "training_states/10.state"])
def test_a_damaged_checkpoint_is_skipped(folder, victim):
    save(folder, 5)
    save(folder, 10)
    path = folder.models.parent / victim
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.warns(UserWarning, match="skipping"):
        resume = folder.newest()
    assert resume is not None
    assert resume.iteration == 5


def test_keep_last_removes_older_checkpoints(tmp_path, folder):
    folder.keep_last = 2
    for iteration in (1, 2, 3, 4):
        save(folder, iteration)
    assert folder.iterations() == [3, 4]
    assert sorted(p.name for p in folder.models.iterdir()) == ["net_g_3.pth", "net_g_4.pth", "net_g_latest.pth"]


@pytest.mark.parametrize("name", ["\u00b2.state", "\u0663.state", "last.state", ".state", "5.state.bak"])
def test_files_with_other_names_are_not_checkpoints(folder, name):
    save(folder, 5)
    (folder.states / name).write_bytes(b"")
    assert folder.iterations() == [5]


def refuse(path: Path) -> None:
    """Has the system refuse to read what is at a path, which holds for root too."""
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    path.symlink_to(path.name)


@pytest.mark.parametrize("victim", ["training_states/10.state", "models/net_g_10.pth", "training_states"])
def test_a_checkpoint_that_cannot_be_read_is_not_skipped(folder, victim):
    """An earlier checkpoint, or none, would be gone on from, though this one may be sound."""
    save(folder, 5)
    save(folder, 10)
    refuse(folder.root / victim)
    with pytest.raises(HyperthumbError, match=f"cannot read .*{victim}: Too many levels of symbolic links"):
        folder.newest()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("victim", ["training_states/10.state", "models/net_g_10.pth", "training_states", "models"])
def test_a_missing_permission_is_not_damage(folder, victim):
    save(folder, 10)
    path = folder.root / victim
    path.chmod(0)
    try:
        with pytest.raises(HyperthumbError, match="Permission denied"):
            folder.newest()
    finally:
        path.chmod(0o755)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs Linux")
def test_a_disk_error_is_not_damage(folder):
    save(folder, 5)
    (folder.states / "10.state").symlink_to("/proc/self/mem")  # opens, and gives EIO
    with pytest.raises(HyperthumbError, match=r"10\.state: Input/output error"):
        folder.newest()


def test_an_intermittent_error_is_not_damage(folder, monkeypatch):
    save(folder, 5)

    def fail(archive: zipfile.ZipFile) -> None:
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(zipfile.ZipFile, "testzip", fail)
    with pytest.raises(HyperthumbError, match="Stale file handle"):
        folder.newest()


@pytest.mark.parametrize("length", [0, 1, 22, 100, 500, 900])
@pytest.mark.parametrize("part", ["beginning", "end"])
def test_an_incomplete_state_is_damage(folder, part, length):
    save(folder, 5)
    save(folder, 10)
    path = folder.states / "10.state"
    content = path.read_bytes()
    path.write_bytes(content[:length] if part == "beginning" else content[len(content) - length :])
    with pytest.warns(UserWarning, match="skipping"):
        resume = folder.newest()
    assert resume is not None
    assert resume.iteration == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iteration", "2"),
        ("iteration", True),
        ("iteration", -1),
        ("iteration", 10.0),
        ("iteration", torch.tensor(10)),
        ("optimizers", []),
        ("optimizers", {"networks": 1}),
        ("scaler", None),
        ("validated", 1),
        ("validation_seconds", "x"),
        ("validation_seconds", float("nan")),
        ("validation_seconds", True),
        ("skipped_steps", "x"),
        ("skipped_steps", -1),
    ],
)
def test_a_state_with_invalid_values_is_skipped(folder, name, value):
    save(folder, 5)
    save(folder, 10)
    torch.save({"iteration": 10, **STATE, name: value}, folder.states / "10.state")
    with pytest.warns(UserWarning, match=f"skipping .*10.state is damaged: it has invalid values of {name}$"):
        resume = folder.newest()
    assert resume is not None
    assert resume.iteration == 5


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


def test_a_state_that_runs_code_is_refused(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(folder, 5)
    with open(folder.states / "7.state", "wb") as file:
        pickle.dump({"iteration": 7, "bomb": Bomb()}, file)
    with pytest.raises(CheckpointError, match="refused"):
        folder.read(folder.states / "7.state")
    assert not (tmp_path / "exploded").exists()


def test_old_checkpoints_stay_until_the_new_one_was_read_back(folder, monkeypatch):
    """A disk that takes a file without a word and gives back less."""
    folder.keep_last = 1
    save(folder, 1)

    def write_half(path, content, durable=False):
        write_atomically(path, content, durable)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    monkeypatch.setattr(checkpoint, "write_atomically", write_half)
    with pytest.raises(CheckpointError, match="cannot be read back, so the earlier ones are kept"):
        save(folder, 2)
    with pytest.warns(UserWarning, match="skipping"):
        resume = folder.newest()
    assert resume is not None
    assert resume.iteration == 1


def test_later_checkpoints_are_kept(folder):
    """They are there when a run goes on from an earlier one (path.resume_state)."""
    folder.keep_last = 1
    save(folder, 2)
    shutil.copyfile(folder.states / "2.state", folder.states / "9.state")
    save(folder, 4)
    assert folder.iterations() == [4, 9]


def test_weights_whose_state_cannot_be_written_are_removed(folder, monkeypatch):
    save(folder, 1)

    def fail_for_states(path, content, durable=False):
        if path.suffix == ".state":
            raise HyperthumbError("no room")
        write_atomically(path, content, durable)

    monkeypatch.setattr(checkpoint, "write_atomically", fail_for_states)
    with pytest.raises(HyperthumbError, match="no room"):
        save(folder, 2)
    assert sorted(path.name for path in folder.models.iterdir()) == ["net_g_1.pth", "net_g_latest.pth"]


def test_checkpoints_work_on_a_file_system_without_hard_links(folder, monkeypatch):
    def refuse(*arguments: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    save(folder, 5)
    assert (folder.models / "net_g_latest.pth").read_bytes() == (folder.models / "net_g_5.pth").read_bytes()
    assert len(list(folder.models.iterdir())) == 2


@pytest.mark.parametrize("averaged", [False, True])
def test_expected_bytes_are_about_those_of_a_checkpoint(folder, averaged):
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 64, 3), torch.nn.Conv2d(64, 64, 3))
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.zeros(1, 3, 8, 8)).sum().backward()
    optimizer.step()
    weights = {"params": network.state_dict()}
    if averaged:
        weights["params_ema"] = copy.deepcopy(network).state_dict()
    folder.save(1, weights, STATE | {"optimizers": {"networks": optimizer.state_dict()}})
    written = sum(path.stat().st_size for path in (folder.models / "net_g_1.pth", folder.states / "1.state"))
    assert expected_bytes(network, averaged) == pytest.approx(written, rel=0.1)
