from __future__ import annotations

import pytest
import torch

from hyperthumb.base.errors import CheckpointError, OptionsError
from hyperthumb.models.build import load_checkpoint, load_pretrained, resolve_device
from tests.support import save_tiny_model, tiny_network


def test_auto_selects_cuda_if_available(monkeypatch):
    for there, expected in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
        assert resolve_device("auto").type == expected
        assert resolve_device("cpu").type == "cpu"


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_an_unavailable_device_is_refused(monkeypatch, name):
    backend = torch.cuda if name == "cuda" else torch.backends.mps
    monkeypatch.setattr(backend, "is_available", lambda: True)
    assert resolve_device(name).type == name
    monkeypatch.setattr(backend, "is_available", lambda: False)
    with pytest.raises(OptionsError, match=f"device: {name} is not available to torch"):
        resolve_device(name)


def test_an_unknown_device_is_refused():
    with pytest.raises(OptionsError, match='"gpu" is not one of auto, cpu, cuda, mps'):
        resolve_device("gpu")


def test_training_can_start_from_a_model_file(tmp_path):
    path = save_tiny_model(tmp_path / "tiny.safetensors")
    network, wanted = tiny_network(seed=1), tiny_network().state_dict()
    load_pretrained(network, path, "auto", strict=True)
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, wanted[name].half().float(), rtol=0, atol=0)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(CheckpointError, match="cannot be read as a checkpoint"):
        load_pretrained(network, path, "auto", strict=True)


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    path = tmp_path / "other.pth"
    torch.save({"params": {"conv.weight": torch.zeros(3)}}, path)
    for strict in (True, False):
        with pytest.raises(CheckpointError, match=r"other\.pth does not fit the network at all"):
            load_pretrained(tiny_network(), path, "auto", strict)


def test_the_hint_names_strict_load_g_only_for_options_files(tmp_path):
    weights = tiny_network().state_dict()
    weights.pop(next(iter(weights)))
    torch.save({"params": weights}, tmp_path / "part.pth")
    with pytest.raises(CheckpointError, match=r"strict_load_g: false loads what fits"):
        load_pretrained(tiny_network(), tmp_path / "part.pth", "auto", strict=True)
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(tiny_network(), tmp_path / "part.pth", "auto")
    assert "strict_load_g" not in str(caught.value)
