"""What Slurm's variables say about where the first process of a run can be met."""

from __future__ import annotations

import os
import re

from hyperthumb.base.errors import OptionsError

_NODES = ("SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST")


def first_host(nodes: str) -> str:
    """The first machine of a list in Slurm's notation: `gpu[003-010,012],login1` begins with gpu003.

    The first number of a range is written with the zeros that the range has; several ranges in a name are allowed.
    """
    name = re.split(r",(?![^\[]*\])", nodes, maxsplit=1)[0]
    return re.sub(r"\[([^\],-]+)[^\]]*\]", r"\1", name)


def meeting_port(job: int, step: int = 0) -> int:
    """A port between 10000 and 29999, which differs between jobs and job steps that share a machine."""
    return 10_000 + (job + 1009 * step) % 20_000


def set_meeting_point() -> None:
    """Sets MASTER_ADDR and MASTER_PORT where they are not set yet.

    Raises:
        OptionsError: when Slurm does not say which machines take part.
    """
    if "MASTER_ADDR" not in os.environ:
        nodes = next((os.environ[name] for name in _NODES if os.environ.get(name)), None)
        if nodes is None:
            raise OptionsError(
                f"--launcher slurm needs one of {', '.join(_NODES)} in the environment, or MASTER_ADDR; start with srun"
            )
        os.environ["MASTER_ADDR"] = first_host(nodes)
    if "MASTER_PORT" not in os.environ:
        step = os.environ.get("SLURM_STEP_ID", "0")  # a word in the batch script itself
        job = os.environ.get("SLURM_JOB_ID", "0")
        port = meeting_port(*(int(number) if number.isascii() and number.isdecimal() else 0 for number in (job, step)))
        os.environ["MASTER_PORT"] = str(port)
