"""Determines the available memory: that of the machine, or of its container or batch job if that is less."""

from __future__ import annotations

import os
from pathlib import Path


def available_memory(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes that can be allocated without swapping or being killed; the machine's total memory if that is unknown."""
    rooms = _rooms_in_control_groups(proc, cgroups)
    kibibytes = _fields(proc / "meminfo").get("MemAvailable:")  # the kernel's estimate for a new program
    if kibibytes is not None:
        rooms.append(kibibytes * 1024)
    return max(0, min(rooms)) if rooms else os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _rooms_in_control_groups(proc: Path, cgroups: Path) -> list[int]:
    """The remaining memory of every control group (version 2) of this process."""
    try:
        lines = (proc / "self/cgroup").read_text().splitlines()
    except OSError:
        return []
    group = next((line[len("0::/") :] for line in lines if line.startswith("0::/")), None)
    if group is None:
        return []
    rooms = []
    for folder in (cgroups / group, *(cgroups / group).parents):
        try:
            # A group without a limit says "max".
            room = int((folder / "memory.max").read_text()) - int((folder / "memory.current").read_text())
            # Cached files count as used, but the kernel drops them when memory is needed.
            rooms.append(room + _fields(folder / "memory.stat").get("inactive_file", 0))
        except (OSError, ValueError):
            pass
        if folder == cgroups:
            break
    return rooms


def _fields(file: Path) -> dict[str, int]:
    """The lines "name number ..." of one of the kernel's files."""
    try:
        words = [line.split() for line in file.read_text().splitlines()]
    except OSError:
        return {}
    return {line[0]: int(line[1]) for line in words if len(line) >= 2 and line[1].isdigit()}
