from __future__ import annotations

from pathlib import Path

import pytest

from hyperthumb.data.memory import available_memory

GIB = 1 << 30


@pytest.fixture
def machine(tmp_path):
    """A machine with 8 GiB available, and a process in the control group /batch/job."""
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/meminfo").write_text(
        f"MemTotal: {16 << 20} kB\nMemAvailable:    {8 << 20} kB\nHugePages_Total: 0\n"
    )
    (tmp_path / "proc/self/cgroup").write_text("0::/batch/job\n")
    (tmp_path / "cgroup/batch/job").mkdir(parents=True)
    return tmp_path


def limit(group: Path, maximum: object, current: int, inactive_file: int = 0) -> None:
    (group / "memory.max").write_text(f"{maximum}\n")
    (group / "memory.current").write_text(f"{current}\n")
    (group / "memory.stat").write_text(f"anon 5\ninactive_file {inactive_file}\n")


def room(machine: Path) -> float:
    return available_memory(machine / "proc", machine / "cgroup") / GIB


def test_the_estimate_of_the_kernel_is_used(machine):
    assert room(machine) == 8


def test_the_limit_of_a_job_is_respected(machine):
    limit(machine / "cgroup/batch/job", 4 * GIB, 3 * GIB, GIB)
    assert room(machine) == 2


def test_the_limit_of_a_parent_group_is_respected(machine):
    limit(machine / "cgroup/batch/job", "max", 3 * GIB)
    limit(machine / "cgroup/batch", 5 * GIB, 2 * GIB)
    assert room(machine) == 3


def test_the_limit_of_a_container_is_respected(machine):
    (machine / "proc/self/cgroup").write_text("0::/\n")
    limit(machine / "cgroup", 2 * GIB, GIB)
    assert room(machine) == 1


def test_available_memory_is_never_negative(machine):
    limit(machine / "cgroup/batch/job", GIB, 2 * GIB)
    assert room(machine) == 0


def test_an_unknown_system_reports_its_total_memory(tmp_path):
    assert available_memory(tmp_path, tmp_path) > 0


def test_this_machine_reports_a_plausible_value():
    assert 0 < available_memory() < 1 << 50
