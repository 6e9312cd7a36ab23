"""Reading a header without torch gives the same facts as loading the model."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import pytest
import safetensors.torch
import torch

from hyperthumb.base.errors import CheckpointError
from hyperthumb.models.file import load_model
from hyperthumb.models.header import Weight, read_model_header, weights_id
from tests.support import TINY_NETWORK, save_tiny_model


@pytest.fixture
def saved(tmp_path):
    return save_tiny_model(tmp_path / "tiny.safetensors")


def test_the_header_agrees_with_the_model(saved):
    header, model = read_model_header(saved), load_model(saved)
    assert header.description == ("tiny", 4, TINY_NETWORK, {"license": "CC0"})
    assert header.model_id == model.model_id
    assert header.parameters == sum(parameter.numel() for parameter in model.network.parameters())
    assert header.num_bytes == saved.stat().st_size
    assert header.sha256 == hashlib.sha256(saved.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "dtype",
    [torch.float64, torch.float32, torch.bfloat16, torch.int64, torch.int16, torch.int8, torch.uint8, torch.bool],
)
def test_types_have_the_names_of_torch(tmp_path, dtype):
    path = tmp_path / "it.safetensors"
    tensor = torch.tensor([[1, 0, 1]], dtype=dtype)
    metadata = {"format": 1, "name": "it", "scale": 4, "network_g": {"type": "None"}, "card": {}}
    path.write_bytes(safetensors.torch.save({"a": tensor}, {"hyperthumb": json.dumps(metadata)}))
    data = tensor.reshape(-1).view(torch.uint8).numpy().tobytes()
    assert read_model_header(path).model_id == weights_id([Weight("a", str(dtype), [1, 3], data)])


def test_reading_imports_no_torch(saved):
    code = (
        f"import sys; from pathlib import Path; from hyperthumb.models.header import read_model_header; "
        f"print(read_model_header(Path({str(saved)!r})).description.name, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["tiny", "False"]


def test_other_files_are_refused(tmp_path, saved):
    whole = saved.read_bytes()
    path = tmp_path / "other.safetensors"
    with pytest.raises(CheckpointError, match="there is no model at"):
        read_model_header(path)
    with pytest.raises(CheckpointError, match="cannot be read as a model file"):
        read_model_header(tmp_path)
    nested = b"[" * 100_000
    deep = len(nested).to_bytes(8, "little") + nested
    for content in (b"", bytes(100), b"\xff" * 20, whole[:300], whole[:-1], deep):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="cannot be read as a model file"):
            read_model_header(path)
    path.write_bytes(safetensors.torch.save({"w": torch.zeros(2)}))
    with pytest.raises(CheckpointError, match="not a model file of hyperthumb"):
        read_model_header(path)
