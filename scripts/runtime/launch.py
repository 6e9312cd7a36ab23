"""Runs a command and prints its output, exit code, seconds and peak memory as JSON.

    python scripts/runtime/launch.py COMMAND ...

Linux counts the memory of the process that starts a command toward the command's peak. This process is small, unlike
the one that measures, which may have PyTorch in memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time


def main() -> None:
    began = time.perf_counter()
    process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    said = {
        "output": output,
        "code": process.returncode,
        "seconds": time.perf_counter() - began,
        "peak_bytes": usage.ru_maxrss if sys.platform == "darwin" else 1024 * usage.ru_maxrss,
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main()
