from __future__ import annotations

import os
from pathlib import Path

import pytest

from hyperthumb.base.errors import HyperthumbError
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


HEADER = b"iteration,dataset,bpp\n"


@pytest.mark.parametrize(
    "content",
    [
        b"garbage",
        b"garbage\n1\n",
        b"\x00\x01\x02",
        b"iteration,dataset\n4,caf\xe9\n",
        b"\xff\xfei\x00t\x00",
        HEADER + b"4,val,0.5,more\n",
        HEADER + b"4,val\n",
        HEADER + b"four,val,0.5\n",
        HEADER + b",val,0.5\n",
        HEADER + "\u00b2,val,0.5\n".encode(),
        b"dataset,bpp\nval,0.5\n",
        b"iteration,dataset,note\n4,val,good\n",
        b"iteration;dataset;bpp\n4;val;0,5\n",
        HEADER + b"4,val," + b"5" * 200_000 + b"\n",
    ],
)
def test_a_metrics_file_that_is_not_a_table_is_named_and_kept(tmp_path, content):
    path = tmp_path / "metrics.csv"
    path.write_bytes(content)
    with pytest.raises(HyperthumbError, match=r"metrics\.csv cannot be read as the table .* move it away"):
        ValidationTable(path, keep_through=10)
    assert path.read_bytes() == content


def test_a_table_without_permission_to_read_is_an_error(tmp_path):
    path = tmp_path / "metrics.csv"
    path.symlink_to(path.name)
    with pytest.raises(HyperthumbError, match=r"metrics\.csv cannot be read .*Too many levels of symbolic links"):
        ValidationTable(path, keep_through=10)
    assert path.readlink() == Path(path.name)


@pytest.mark.parametrize(
    "content", [b"", HEADER, HEADER + b"4,val,0.5\n", HEADER.replace(b"\n", b"\r\n") + b"4,a,1\r\n"]
)
def test_a_table_with_fewer_columns_or_without_rows_is_continued(tmp_path, content):
    path = tmp_path / "metrics.csv"
    path.write_bytes(content)
    ValidationTable(path, keep_through=10).append(ROW)
    assert len(path.read_text().splitlines()) == 2 + content.count(b"4,")
