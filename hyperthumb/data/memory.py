"""How much memory this process may still take: the machine's, or its container's or batch job's where that is less."""

from __future__ import annotations

import os
from pathlib import Path


def available_memory(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes that can be taken without swapping or being killed; all of the machine's memory where it does not say."""
    rooms = [room for room in (_machine(proc), *_control_groups(proc, cgroups)) if room is not None]
    if rooms:
        return max(0, min(rooms))
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _machine(proc: Path) -> int | None:
    """Linux's own estimate of what new programs can have."""
    kibibytes = _fields(proc / "meminfo").get("MemAvailable:")
    return None if kibibytes is None else kibibytes * 1024


def _control_groups(proc: Path, cgroups: Path) -> list[int]:
    """What is left of the limit of every control group (version 2) that holds this process."""
    try:
        lines = (proc / "self/cgroup").read_text().splitlines()
    except OSError:
        return []
    group = next((line[len("0::/") :] for line in lines if line.startswith("0::/")), None)
    if group is None:
        return []
    innermost = cgroups / group
    rooms = []
    for folder in (innermost, *innermost.parents):
        limit, used = _number(folder / "memory.max"), _number(folder / "memory.current")
        if limit is not None and used is not None:
            # Cached files count as used but make way.
            rooms.append(limit - used + _fields(folder / "memory.stat").get("inactive_file", 0))
        if folder == cgroups:
            break
    return rooms


def _number(file: Path) -> int | None:
    try:
        text = file.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None  # "max": no limit


def _fields(file: Path) -> dict[str, int]:
    """The lines "name number ..." of a file of the kernel's."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return {}
    words = [line.split() for line in lines]
    return {line[0]: int(line[1]) for line in words if len(line) >= 2 and line[1].isdigit()}
