"""Files of weights that would run code, or take all memory: refused with a sentence wherever one can be named."""

from __future__ import annotations

import json
import os
import pickle
import struct
import sys
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch

from hyperthumb.base.errors import CheckpointError, HyperthumbError
from hyperthumb.cli.main import main as hyperthumb
from hyperthumb.codec.codec import load
from hyperthumb.metrics.lpips import LpipsMetric
from hyperthumb.models.file import load_model
from hyperthumb.models.header import METADATA_KEY, read_model_header
from hyperthumb.models.weights import read_safely
from scripts.export_model import main as export_model
from tests.support import photograph, save_tiny_model, tiny_network, tiny_training, write_options
from tests.warm import run_warm

ROOT = Path(__file__).parents[2]
REFUSED = "is refused: it is damaged, or it holds objects whose loading could run code"


class Payload:
    """Makes the folder `owned` when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("owned",)


STATE = {"iteration": 4, "optimizers": {}, "scaler": Payload(), "validated": True, "validation_seconds": 0.0}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """Hostile files of every kind in the working directory, where nothing may appear besides them."""
    monkeypatch.chdir(tmp_path)
    torch.save({"params": {"weight": torch.zeros(2)}, "more": Payload()}, "zip.pth")
    torch.save({"params": Payload()}, "old.pth", _use_new_zipfile_serialization=False)
    Path("plain.pth").write_bytes(pickle.dumps({"params": Payload()}))
    Path("tail.pth").write_bytes(Path("old.pth").read_bytes() + Path("plain.pth").read_bytes())
    experiment = tmp_path / "experiments/tiny"
    for name in ("models", "training_states"):
        (experiment / name).mkdir(parents=True)
    Path("zip.pth").replace(experiment / "models/net_g_latest.pth")
    torch.save(STATE, experiment / "training_states/4.state")
    write_options(experiment / "options.resolved.yml", tiny_training(tmp_path))
    os.link(experiment / "models/net_g_latest.pth", "zip.pth")
    yield tmp_path
    assert not list(tmp_path.rglob("owned")), "code was run"


def test_the_hostile_pickle_really_runs_code(folder):
    torch.load("zip.pth", weights_only=False)
    (folder / "owned").rmdir()
    with open("plain.pth", "rb") as file:
        pickle.load(file)
    (folder / "owned").rmdir()


@pytest.mark.parametrize("name", ["zip.pth", "old.pth", "plain.pth", "tail.pth"])
def test_pickles_that_run_code_are_refused(name):
    with pytest.raises(CheckpointError, match=REFUSED):
        read_safely(Path(name))


def test_whole_processes_refuse_hostile_pickles(folder):
    """A resumed training, and the conversion of an official checkpoint; the rest is below, in this process."""
    options = write_options(folder / "options.yml", tiny_training(folder))
    state = folder / "experiments/tiny/training_states/4.state"
    commands = {
        str(state): ["run_train.py", "-opt", str(options), "--force_yml", f"path:resume_state={state}"],
        "old.pth": ["scripts/convert_official_checkpoint.py", "old.pth", "converted.pth"],
    }
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    before = sorted(folder.rglob("*"))
    for name, (script, *arguments) in commands.items():
        result = run_warm([str(ROOT / script), *arguments], env=environment)
        assert (result.returncode, result.stdout, result.stderr) == (1, "", f"error: {name} {REFUSED}\n")
    assert sorted(folder.rglob("*")) == before


def test_training_and_testing_do_not_start_from_hostile_pickles(folder, capsys):
    from hyperthumb.evaluation.main import main as run_test
    from hyperthumb.training.main import main as run_train

    training = tiny_training(folder, **{"path:pretrain_network_g": str(folder / "zip.pth")})
    assert run_train(["-opt", str(write_options(folder / "train.yml", training))]) == 1
    testing = {key: training[key] for key in ("name", "scale", "device", "network_g", "path")}
    testing["datasets"] = {"val": training["datasets"]["val"]}
    assert run_test(["-opt", str(write_options(folder / "test.yml", testing))]) == 1
    assert capsys.readouterr().err.count(f"error: {folder / 'zip.pth'} {REFUSED}") == 2


def test_models_on_the_command_line_are_not_unpickled(folder, capsys):
    from PIL import Image

    Image.fromarray(photograph(32, 32)).save("photo.png")
    Path("thumb.jpg").write_bytes(load(save_tiny_model(folder / "tiny.safetensors")).compress(photograph(32, 32)))
    (folder / "plain.pth").rename(folder / "pickle.safetensors")
    latest = "experiments/tiny/models/net_g_latest.pth"
    for model, sentence in {
        "experiments/tiny": f"error: {latest} {REFUSED}\n",
        latest: f"error: {latest} {REFUSED}\n",
        "pickle.safetensors": "error: pickle.safetensors cannot be read as a model file: ",
    }.items():
        for arguments in (["compress", "photo.png"], ["restore", "thumb.jpg"]):
            assert hyperthumb([*arguments, "--model", model]) == 2
            assert capsys.readouterr().err.startswith(sentence)
    assert export_model(["experiments/tiny", "exported.safetensors"]) == 1
    assert capsys.readouterr().err == f"error: {latest} {REFUSED}\n"
    assert not Path("exported.safetensors").exists()


def test_the_backbone_of_lpips_is_not_unpickled():
    with pytest.raises(HyperthumbError, match=r"LPIPS: old\.pth is not torchvision's squeezenet1_1"):
        LpipsMetric.create("squeeze", backbone_weights="old.pth")


def test_an_archive_that_unpacks_to_much_more_is_refused(folder):
    torch.save({"params": {"weight": torch.zeros(4_000_000)}}, "large.pth")
    with zipfile.ZipFile("large.pth") as source, zipfile.ZipFile("bomb.pth", "w", zipfile.ZIP_DEFLATED) as bomb:
        for entry in source.infolist():
            bomb.writestr(entry.filename, source.read(entry))
    assert Path("bomb.pth").stat().st_size < 100_000
    with pytest.raises(CheckpointError, match=r"bomb\.pth is refused: it would unpack to 16,\d+,\d+ bytes"):
        read_safely(Path("bomb.pth"))
    assert read_safely(Path("large.pth"))["params"]["weight"].numel() == 4_000_000


@pytest.mark.parametrize("wrap", [lambda t: {"params": {"w": t}}, lambda t: {"w": t}, lambda t: {"a": [(t,)]}])
def test_a_tensor_larger_than_its_file_is_refused(wrap):
    torch.save(wrap(torch.zeros(1).expand(10**6, 10**6)), "wide.pth")
    with pytest.raises(CheckpointError, match=r"a tensor of shape \(1000000, 1000000\) has fewer numbers"):
        read_safely(Path("wide.pth"))


@pytest.mark.parametrize("length", [2**63, 10**9, 0])
def test_a_model_file_with_a_header_of_absurd_size_is_refused(folder, length):
    path = save_tiny_model(folder / "tiny.safetensors")
    path.write_bytes(struct.pack("<Q", length) + path.read_bytes()[8:])
    for read in (load_model, read_model_header, read_safely):
        with pytest.raises(CheckpointError, match=r"tiny\.safetensors cannot be read as a "):
            read(path)


def test_a_model_file_that_names_plugins_does_not_import_them(folder):
    (folder / "evil.py").write_text("import os\nos.mkdir('owned')\n")
    path = save_tiny_model(folder / "tiny.safetensors")
    with safetensors.safe_open(str(path), framework="pt") as file:
        metadata = json.loads(file.metadata()[METADATA_KEY])
    weights = safetensors.torch.load_file(path)
    sys.path.insert(0, str(folder))
    try:
        safetensors.torch.save_file(weights, path, {METADATA_KEY: json.dumps({**metadata, "plugins": ["evil"]})})
        assert load_model(path).scale == 4
        for changes in ({"type": "evil.Network"}, {"plugins": ["evil"]}):
            network = {**metadata["network_g"], **changes}
            safetensors.torch.save_file(weights, path, {METADATA_KEY: json.dumps({**metadata, "network_g": network})})
            with pytest.raises(CheckpointError):
                load_model(path)
    finally:
        sys.path.remove(str(folder))
    assert "evil" not in sys.modules


def test_ordinary_checkpoints_still_load():
    network = tiny_network()
    tied = torch.arange(12.0)
    torch.save({"params": {**network.state_dict(), "a": tied, "b": tied[2:5]}, "optimizers": [{"step": 3}]}, "own.pth")
    assert read_safely(Path("own.pth"))["params"]["b"].tolist() == [2, 3, 4]
