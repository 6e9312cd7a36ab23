"""What makes a finished point another one."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest

from hyperthumb.benchmark.identity import code_digest, describe, image_digest
from hyperthumb.config import Component
from hyperthumb.data import ImagePair

CODE = '''
"""A codec."""
class Codec:
    """Does things."""
    def write(self, data):
        """Writes."""
        return data + 1
'''


@pytest.fixture
def digest_of(tmp_path):
    """The digest of a class's code, by its text."""

    def compute(text: str, number=[0]) -> str:  # noqa: B006 (counts the calls)
        number[0] += 1
        name = f"codec{number[0]}"
        (tmp_path / name).mkdir()
        path = tmp_path / name / "codec.py"
        path.write_text(text)
        spec = importlib.util.spec_from_file_location(name, path)
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        try:
            return code_digest(module.Codec, network=False)
        finally:
            del sys.modules[name]

    return compute


def test_the_digest_of_code_depends_on_what_it_does(digest_of):
    first = digest_of(CODE)
    assert digest_of(CODE.replace("Does things.", "Does other things.").replace("+ 1", "+  1  # one")) == first
    assert digest_of(CODE.replace("+ 1", "+ 2")) != first


def test_networks_count_where_they_take_part():
    assert code_digest(None, network=True) != code_digest(None, network=False)


def test_files_count_by_their_content(tmp_path):
    path = tmp_path / "weights.pth"
    component = Component("NetworkJpeg", {"checkpoint": path, "network": Component("IRN", {"num_block": 2})})
    missing = describe(component)
    path.write_bytes(b"one")
    first = describe(component)
    path.write_bytes(b"two")
    second = describe(component)
    assert len({str(described) for described in (missing, first, second)}) == 3
    assert first["arguments"]["network"] == {"type": "IRN", "arguments": {"num_block": 2}}


def test_photographs_count_by_their_pixels():
    hr = np.zeros((8, 12, 3), np.uint8)
    first = image_digest(ImagePair("a", hr, None))
    assert image_digest(ImagePair("b", hr.copy(), None)) == first
    assert image_digest(ImagePair("a", hr.reshape(12, 8, 3), None)) != first
    assert image_digest(ImagePair("a", hr, hr[:2, :3])) != first
    changed = hr.copy()
    changed[0, 0, 0] = 1
    assert image_digest(ImagePair("a", changed, None)) != first
