"""The address at which the processes of a Slurm job connect. It is computed from Slurm's variables."""

from __future__ import annotations

import os
import re

from hyperthumb.base.errors import OptionsError
from hyperthumb.base.wording import whole_number

_NODES = ("SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST")


def first_host(nodes: str) -> str:
    """The first machine of a list in Slurm's notation, for example gpu003 of `gpu[003-010,012],login1`.

    Leading zeros are kept. A name may have several ranges.
    """
    name = re.split(r",(?![^\[]*\])", nodes, maxsplit=1)[0]
    return re.sub(r"\[([^\],-]+)[^\]]*\]", r"\1", name)


def meeting_port(job: int, step: int = 0) -> int:
    """A port between 10000 and 29999, which differs between jobs and job steps on the same machine."""
    return 10_000 + (job + 1009 * step) % 20_000


def set_meeting_point() -> None:
    """Sets MASTER_ADDR and MASTER_PORT if they are not set.

    Raises:
        OptionsError: if no variable lists the machines of the job.
    """
    if "MASTER_ADDR" not in os.environ:
        nodes = next((os.environ[name] for name in _NODES if os.environ.get(name)), None)
        if nodes is None:
            raise OptionsError(
                f"--launcher slurm needs one of {', '.join(_NODES)} in the environment, or MASTER_ADDR; start with srun"
            )
        os.environ["MASTER_ADDR"] = first_host(nodes)
    if "MASTER_PORT" not in os.environ:
        step = os.environ.get("SLURM_STEP_ID", "0")  # not a number in the batch script itself
        job = os.environ.get("SLURM_JOB_ID", "0")
        os.environ["MASTER_PORT"] = str(meeting_port(whole_number(job) or 0, whole_number(step) or 0))
