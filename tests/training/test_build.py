"""What building a trainer warns of."""

from __future__ import annotations

import pytest

from hyperthumb.training import build
from tests.training.runs import run


@pytest.mark.parametrize(
    ("precision", "emulated", "expected"), [("bf16", True, 1), ("bf16", False, 0), ("fp32", True, 0)]
)
def test_emulated_bf16_gives_a_warning(tmp_path, monkeypatch, capfd, precision, emulated, expected):
    monkeypatch.setattr(build, "computes_bf16", lambda device: not emulated)
    assert run(tmp_path, **{"train:precision": precision, "train:total_iter": 1}) == 0
    assert "".join(capfd.readouterr()).count("bf16 is emulated here") == expected
