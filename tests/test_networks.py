from __future__ import annotations

import pytest
import torch

from hyperthumb.errors import OptionsError
from hyperthumb.networks import resolve_device


def test_auto_is_cuda_where_there_is_one(monkeypatch):
    for there, expected in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
        assert resolve_device("auto").type == expected
        assert resolve_device("cpu").type == "cpu"


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_a_device_that_is_asked_for_is_there_or_an_error(monkeypatch, name):
    backend = torch.cuda if name == "cuda" else torch.backends.mps
    monkeypatch.setattr(backend, "is_available", lambda: True)
    assert resolve_device(name).type == name
    monkeypatch.setattr(backend, "is_available", lambda: False)
    with pytest.raises(OptionsError, match=f"device: {name}, but this torch sees none"):
        resolve_device(name)


def test_an_unknown_device_is_a_sentence():
    with pytest.raises(OptionsError, match='"gpu" is not one of auto, cpu, cuda, mps'):
        resolve_device("gpu")
