from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image

from hyperthumb.cli.main import main
from tests.support import save_tiny_model

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file of the tiny network with random weights, at 4x."""
    return save_tiny_model(tmp_path_factory.mktemp("model") / "tiny.safetensors")


@pytest.fixture(autouse=True)
def process_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The tool sets what holds for the rest of its process: how many threads, how many pixels."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys, tiny_model) -> Run:
    """Runs the tool in an empty folder; gives its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, model: bool = True) -> tuple[int, str, str]:
        try:
            code = main([*arguments, *(["--model", str(tiny_model)] if model else [])])
        except SystemExit as exit_:
            code = int(exit_.code)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        assert not [name for _, _, files in os.walk(".") for name in files if name.endswith(".tmp")]
        return code, out, err

    return call
