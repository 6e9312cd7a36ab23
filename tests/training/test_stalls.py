from __future__ import annotations

import logging
import threading
import time

import pytest

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.training.stalls import StallWatch


@pytest.fixture
def lines():
    found: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("hyperthumb")
    logger.addHandler(handler)
    yield found
    logger.removeHandler(handler)


def wait_for(lines: list[str], count: int) -> None:
    deadline = time.monotonic() + 60
    while len(lines) < count and time.monotonic() < deadline:
        time.sleep(0.005)


def test_a_long_wait_is_reported_less_and_less_often(lines):
    with StallWatch(0.02) as watch:
        with watch.over(lambda: "for a test"):
            wait_for(lines, 3)
            assert len(lines) >= 3
            assert all(line.startswith("warning: waiting for ") for line in lines)
            assert all(line.endswith(" s so far: for a test") for line in lines)
        wait_for(lines, 4)
        assert lines[-1].startswith("the wait of")
    assert threading.active_count() < 50


def test_short_waits_are_not_reported(lines):
    with StallWatch(30) as watch:
        for _ in range(1000):
            with watch.over(lambda: "for a test"):
                pass
        time.sleep(0.05)
    assert lines == []
    with StallWatch(0.01):
        time.sleep(0.1)
    assert lines == []


def test_a_warning_that_the_log_does_not_take_ends_the_run():
    class Full(logging.Handler):
        def emit(self, record):
            logging.getLogger("hyperthumb").removeHandler(self)  # as the log file's does
            raise HyperthumbError("cannot write the log: no space left")

    handler = Full()
    logging.getLogger("hyperthumb").addHandler(handler)
    try:
        with StallWatch(0.02) as watch:
            with watch.over(lambda: "for a test"):
                watch._thread.join(60)
            with pytest.raises(HyperthumbError, match="no space left"), watch.over(lambda: "for the next batch"):
                pytest.fail("it goes on")
            with watch.over(lambda: "for the last checkpoint to be written"):
                pass
    finally:
        logging.getLogger("hyperthumb").removeHandler(handler)


def test_the_thread_has_ended_when_the_run_goes_on():
    with StallWatch(0.01) as watch:
        thread = watch._thread
        assert thread.is_alive()
    assert not thread.is_alive()
