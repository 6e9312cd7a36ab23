"""A thousand damaged thumbnails in a process of their own; HYPERTHUMB_FUZZ=20000 for more."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.jpeg.backends import BACKENDS

try:
    import resource
except ImportError:  # not on Windows
    resource = None

MEMORY = 6 << 30  # of addresses: torch and its threads reserve three or four


def limit_memory():
    if resource:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


@pytest.mark.parametrize("backend", BACKENDS)
def test_damaged_files_give_messages(backend):
    count = int(os.environ.get("HYPERTHUMB_FUZZ", "1000"))
    script = Path(__file__).with_name("fuzz.py")
    result = subprocess.run(
        [sys.executable, str(script), "0", str(count), backend],
        capture_output=True,
        text=True,
        timeout=120 + count / 50,
        preexec_fn=limit_memory if resource else None,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(script.parents[2])},
        check=False,
    )
    last = result.stdout.strip().splitlines()[-1:]
    assert result.returncode == 0, f"ended with {result.returncode} at mutation {last}: {result.stderr[-3000:]}"
    assert last[0].startswith(f"{count} mutations")
