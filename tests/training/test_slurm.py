from __future__ import annotations

import os

import pytest

from hyperthumb.base.errors import OptionsError
from hyperthumb.training.slurm import first_host, meeting_port, set_meeting_point


@pytest.mark.parametrize(
    ("nodes", "first"),
    [
        ("gpu7", "gpu7"),
        ("gpu7,gpu9", "gpu7"),
        ("gpu[003-010,012],login1", "gpu003"),
        ("gpu[12,14-16]", "gpu12"),
        ("rack[1-2]node[05-08]", "rack1node05"),
        ("n-a[9]-b.cluster.org,n-a[1-3]", "n-a9-b.cluster.org"),
        ("127.0.0.[1-2]", "127.0.0.1"),
    ],
)
def test_the_first_host_of_a_list_is_found(nodes, first):
    assert first_host(nodes) == first


def test_jobs_and_steps_use_different_ports():
    ports = {meeting_port(job, step) for job in (4_000_000, 4_000_001, 4_000_002) for step in (0, 1)}
    assert len(ports) == 6
    assert all(10_000 <= port < 30_000 for port in ports)


def test_given_variables_are_kept(monkeypatch):
    for name in ("SLURM_STEP_NODELIST", "SLURM_NODELIST", "MASTER_ADDR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SLURM_JOB_NODELIST", "a[1-2],b")
    monkeypatch.setenv("MASTER_PORT", "1234")
    set_meeting_point()
    assert (os.environ["MASTER_ADDR"], os.environ["MASTER_PORT"]) == ("a1", "1234")
    monkeypatch.setenv("SLURM_JOB_NODELIST", "")
    monkeypatch.delenv("MASTER_ADDR")
    with pytest.raises(OptionsError, match="SLURM_JOB_NODELIST"):
        set_meeting_point()
