from __future__ import annotations

import os
import signal
import time

import pytest

from hyperthumb.training.stopping import SAME_REQUEST_SECONDS, StopRequest


def test_time_limit_keeps_the_reserve():
    stop = StopRequest(max_minutes=1, started=time.monotonic() - 50)
    assert not stop.due(reserve=5)
    assert stop.due(reserve=15)
    assert stop.exit_code == 0
    assert "--max_minutes" in stop.reason


def test_no_limit_never_stops():
    assert not StopRequest(None, started=-1e9).due(reserve=1e9)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_first_signal_asks_second_insists(number, code):
    with StopRequest(None, time.monotonic()) as stop:
        os.kill(os.getpid(), number)
        assert stop.due(0)
        assert stop.exit_code == code
        os.kill(os.getpid(), number)  # as torchrun does, which hands on what the whole group got
        assert stop.due(0)
        child = os.fork()
        if child == 0:
            time.sleep(SAME_REQUEST_SECONDS)
            os.kill(os.getpid(), number)
            os._exit(0)  # not reached
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == code


def test_handlers_are_given_back():
    before = signal.getsignal(signal.SIGTERM)
    with StopRequest(None, time.monotonic()):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
