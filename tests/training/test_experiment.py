from __future__ import annotations

import os

import pytest

from hyperthumb.errors import HyperthumbError
from hyperthumb.training.experiment import ValidationTable

ROW = {"iteration": 0, "dataset": "val", "protocol": "paper", "count": 2, "bpp": 0.1 + 0.2}


def test_rows_that_are_read_back_are_written_as_they_were(tmp_path):
    table = ValidationTable(tmp_path / "metrics.csv", keep_through=-1)
    for iteration in (0, 4, 8):
        table.append({**ROW, "iteration": iteration})
    whole = (tmp_path / "metrics.csv").read_bytes()
    table = ValidationTable(tmp_path / "metrics.csv", keep_through=4)
    assert b"\n8," not in (tmp_path / "metrics.csv").read_bytes()
    table.append({**ROW, "iteration": 8})
    assert (tmp_path / "metrics.csv").read_bytes() == whole


def test_a_row_that_cannot_be_written_leaves_the_others(tmp_path, monkeypatch):
    table = ValidationTable(tmp_path / "metrics.csv", keep_through=-1)
    table.append(ROW)
    whole = (tmp_path / "metrics.csv").read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(HyperthumbError, match=r"metrics\.csv.*No space left"):
        table.append({**ROW, "iteration": 4})
    assert (tmp_path / "metrics.csv").read_bytes() == whole
