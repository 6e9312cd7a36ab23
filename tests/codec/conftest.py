"""A tiny model, its codec, and a thumbnail that it made."""

from __future__ import annotations

import pytest

import hyperthumb
from tests.codec.photographs import PHOTOGRAPH
from tests.support import save_tiny_model


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("model") / "tiny.safetensors")


@pytest.fixture(scope="module")
def codec(path):
    return hyperthumb.load(path, device="cpu")


@pytest.fixture(scope="module")
def data(codec):
    return codec.compress(PHOTOGRAPH)
