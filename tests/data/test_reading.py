from __future__ import annotations

import os

import pytest

from hyperthumb.data.reading import ReadingRecord


def test_a_photograph_is_listed_while_it_is_read():
    record = ReadingRecord(0)
    assert record.now() == []
    with record.of(0):
        ((index, seconds),) = record.now()
        assert index == 0
        assert 0 <= seconds < 60
    with pytest.raises(OSError, match="gone"), record.of(3):
        raise OSError("gone")
    assert record.now() == []


def test_the_record_is_shared_with_forked_processes():
    record = ReadingRecord(2)
    hold_read, hold_write = os.pipe()
    ready_read, ready_write = os.pipe()
    child = os.fork()
    if child == 0:
        with record.of(7):
            os.write(ready_write, b"x")
            os.close(hold_write)
            os.read(hold_read, 1)  # until the parent closes its end
        os._exit(0)
    os.read(ready_read, 1)
    assert [index for index, _ in record.now()] == [7]
    os.close(hold_write)
    os.waitpid(child, 0)
    assert record.now() == []
