from __future__ import annotations

import contextlib
import os
import signal
import time

import pytest

from hyperthumb.training.stopping import GO_ON, SAME_REQUEST_SECONDS, TIME_UP, StopRequest


def test_the_time_limit_leaves_time_to_save():
    stop = StopRequest(max_minutes=1, started=time.monotonic() - 50)
    stop.agree(stop.wish(reserve=5))
    assert not stop.agreed
    stop.agree(stop.wish(reserve=15))
    assert stop.agreed
    assert stop.exit_code == 0
    assert "--max_minutes" in stop.reason


def test_a_run_without_limit_never_stops():
    assert StopRequest(None, started=-1e9).wish(reserve=1e9) == GO_ON


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_the_first_signal_asks_and_the_second_stops_at_once(number, code):
    with StopRequest(None, time.monotonic()) as stop:
        os.kill(os.getpid(), number)
        stop.agree(stop.wish(0))
        assert stop.agreed
        assert stop.exit_code == code
        assert stop.reason == f"got {number.name}"
        os.kill(os.getpid(), number)  # as torchrun does, which hands on what the whole group got
        assert stop.wish(0) == number
        child = os.fork()
        if child == 0:
            time.sleep(SAME_REQUEST_SECONDS)
            os.kill(os.getpid(), number)
            os._exit(0)  # not reached
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == code


@pytest.mark.parametrize("nobody", ["listens", "reads"])
def test_the_second_signal_works_when_nobody_reads_the_output(nobody):
    reading, writing = os.pipe()
    if nobody == "reads":
        os.set_blocking(writing, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writing, b"x" * 4096)
        os.set_blocking(writing, True)
    child = os.fork()
    if child == 0:
        os.dup2(writing, 2)
        if nobody == "listens":
            os.close(reading)
            os.close(writing)
        with StopRequest(None, time.monotonic()):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(SAME_REQUEST_SECONDS)
            os.kill(os.getpid(), signal.SIGTERM)
        os._exit(0)  # not reached
    if nobody == "listens":
        os.close(reading)
    deadline = time.monotonic() + 60
    ended, status = os.waitpid(child, os.WNOHANG)
    while not ended and time.monotonic() < deadline:
        time.sleep(0.01)
        ended, status = os.waitpid(child, os.WNOHANG)
    if not ended:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert ended
    assert os.waitstatus_to_exitcode(status) == 143


def test_all_processes_stop_for_the_most_urgent_reason():
    stop = StopRequest(max_minutes=1, started=time.monotonic())
    assert stop.wish(0) == GO_ON
    stop.agree(GO_ON)
    assert not stop.agreed
    stop.agree(max(GO_ON, TIME_UP, signal.SIGTERM, signal.SIGINT))
    assert stop.agreed
    assert stop.exit_code == 143
    assert stop.reason == "another process got SIGTERM"


def test_signal_handlers_are_restored():
    before = signal.getsignal(signal.SIGTERM)
    with StopRequest(None, time.monotonic()):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
