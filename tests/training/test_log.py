from __future__ import annotations

import warnings

from hyperthumb.training.log import close_log, open_log


def said_by(rank: int, capsys, monkeypatch) -> str:
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)  # is given back at the end of the test
    logger = open_log(rank)
    try:
        logger.info("a line")
        logger.error("error: a mistake")
    finally:
        close_log(logger)
    return capsys.readouterr().err


def test_the_first_process_logs_everything(capsys, monkeypatch):
    assert said_by(0, capsys, monkeypatch) == "a line\nerror: a mistake\n"


def test_other_processes_log_warnings_with_their_rank(capsys, monkeypatch):
    assert said_by(2, capsys, monkeypatch) == "[rank 2] error: a mistake\n"
