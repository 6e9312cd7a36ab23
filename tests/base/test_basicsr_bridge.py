"""Finding BasicSR's architectures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from hyperthumb.base import basicsr_bridge
from hyperthumb.base.basicsr_bridge import find_arch, known_archs


@pytest.mark.parametrize("name", ["EDSR", "RRDBNet", "SwinIR", "SRVGGNetCompact"])
def test_archs_are_found_by_name(name):
    arch = find_arch(name)
    assert arch is not None
    assert issubclass(arch, torch.nn.Module)
    assert name in known_archs()


def test_a_found_architecture_works():
    arch = find_arch("EDSR")
    assert arch is not None
    network = arch(num_in_ch=3, num_out_ch=3, num_feat=4, num_block=1, upscale=2)
    assert network(torch.zeros(1, 3, 5, 7)).shape == (1, 3, 10, 14)


def test_unknown_names_return_none():
    assert find_arch("HyperThumbnail") is None


def test_without_basicsr_no_architecture_is_known(monkeypatch):
    monkeypatch.setattr(basicsr_bridge.importlib.util, "find_spec", lambda name: None)
    basicsr_bridge._archs.cache_clear()
    try:
        assert find_arch("EDSR") is None
        assert known_archs() == []
    finally:
        basicsr_bridge._archs.cache_clear()


def test_importing_the_bridge_imports_nothing_heavy():
    code = "import sys, hyperthumb.base.basicsr_bridge; print({'torch', 'torchvision', 'basicsr'} & set(sys.modules))"
    root = Path(__file__).parents[2]
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert result.stdout.strip() == "set()"
