"""Describes the environment on which results depend: versions, machine, threads."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import torch

from .version import __version__

PACKAGES = ("torch", "torchvision", "compressai", "basicsr", "jpeglib", "lpips", "numpy", "Pillow")


def describe_environment() -> dict[str, str]:
    """Versions, machine, threads and git revision, to be stored with results."""
    return {
        "hyperthumb": __version__,
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "processor": _processor(),
        "threads": str(torch.get_num_threads()),
        "cuda": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "git": _git_revision(),
        **package_versions(),
    }


def describe_device(device: torch.device) -> str:
    """The processor with its number of threads, or the GPU's name, to be stored with measured times."""
    if device.type == "cpu":
        return f"{_processor()}, {torch.get_num_threads()} thread(s)"
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def package_versions(names: Iterable[str] = PACKAGES) -> dict[str, str]:
    """The installed versions of packages; by default of those on which results depend."""
    versions = {}
    for name in names:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def _git_revision() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"
