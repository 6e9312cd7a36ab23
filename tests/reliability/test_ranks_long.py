"""Slow validation, a process that hangs, and the batch script of docs/cluster.md with a stand-in for Slurm."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability.ranks import (
    ROOT,
    environment,
    finished,
    largest_difference,
    options_file,
    train,
    weights,
    write_plugin,
)
from tests.reliability.test_ranks import assert_same_rows, rows, shared_out

pytestmark = pytest.mark.long

SLOW_PICTURES = '''
"""Pictures of which one takes very long to open, on the process `rank`."""

import os
import time

from hyperthumb.data import HRImageDataset
from hyperthumb.base.registry import DATASETS


@DATASETS.register()
class SlowPictures(HRImageDataset):
    def __init__(self, dataroot_gt: str, seconds: float, rank: int):
        super().__init__(dataroot_gt)
        self.seconds = seconds if os.environ["RANK"] == str(rank) else 0

    def load(self, index):
        if index == 1:
            time.sleep(self.seconds)
        return super().load(index)
'''
TIMEOUT, SLOW = 60, 80
SLOWLY = {"plugins": ["faults"], "dist_params:timeout_minutes": TIMEOUT / 60}


def slow_set(which: str, seconds: float) -> dict[str, object]:
    key = f"datasets:{which}"
    return {**SLOWLY, f"{key}:type": "SlowPictures", f"{key}:seconds": seconds, f"{key}:rank": 1}


def test_validation_may_take_longer_than_the_time_out(tmp_path):
    plugins = write_plugin(tmp_path / "plugins", SLOW_PICTURES)
    options = options_file(
        tmp_path, **slow_set("val", SLOW), **{"train:total_iter": 2, "val:val_freq": 2, "logger:print_freq": 1}
    )
    finished(train(options, 2, plugins=plugins))
    assert [row["iteration"] for row in rows(tmp_path)] == ["0", "2"]


def test_a_process_that_hangs_in_a_step_is_noticed(tmp_path):
    """The same time-out does end a run whose training stands still, so the test above means something."""
    plugins = write_plugin(tmp_path / "plugins", SLOW_PICTURES)
    options = options_file(tmp_path, **slow_set("train", 500), **{"datasets:val": None, "val": {}})
    result = train(options, 2, plugins=plugins)
    assert result.returncode != 0
    assert "another process of this run ended, or did not answer in time" in result.stdout


@pytest.mark.parametrize(("processes", "rate"), [(4, "laplace"), (2, "factorized")])
def test_any_number_of_processes_trains_to_the_same_weights(tmp_path, processes, rate):
    one, several = tmp_path / "one", tmp_path / "several"
    part = {"network_g:rate": {"type": rate}}
    finished(train(options_file(one, **part, **shared_out(accumulate=1))))
    finished(train(options_file(several, **part, **shared_out(accumulate=1)), processes))
    assert largest_difference(weights(one, 20), weights(several, 20)) < 1e-5
    assert_same_rows(rows(one), rows(several))


def test_several_processes_resume_a_run_of_one(tmp_path):
    one, later = tmp_path / "one", tmp_path / "later"
    finished(train(options_file(one, **shared_out(accumulate=1))))
    finished(train(options_file(later, **shared_out(accumulate=1))))
    for part in ("models/net_g_20.pth", "training_states/20.state"):
        (later / "experiments/tiny" / part).unlink()
    finished(train(options_file(later, **shared_out(accumulate=1)), 2, "--auto_resume"))
    assert largest_difference(weights(one, 20), weights(later, 20)) < 1e-5


SRUN = """#!/bin/bash
# Two tasks on this machine, with the variables that srun sets; as with --kill-on-bad-exit, the worst code is srun's.
while [[ $1 == --* ]]; do shift; done
export SLURM_STEP_ID=0 SLURM_STEP_NODELIST=127.0.0.1 SLURM_NTASKS=2
SLURM_PROCID=0 SLURM_LOCALID=0 "$@" & first=$!
SLURM_PROCID=1 SLURM_LOCALID=1 "$@" & second=$!
wait $first; code=$?
wait $second || code=$?
exit $code
"""


def test_the_batch_script_of_the_documentation_queues_itself_until_done(tmp_path):
    """Stopped by --max_minutes it asks to be queued again, and at the end it does not."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in {
        "srun": SRUN,
        "scontrol": f'#!/bin/bash\necho "$@" >> {tmp_path}/requeued\n',
        "python": f'#!/bin/bash\nexec {sys.executable} "$@"\n',
    }.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    blocks = re.findall(r"```bash\n(#!/bin/bash\n.*?)```", (ROOT / "docs/cluster.md").read_text(), re.DOTALL)
    assert len(blocks) == 1
    (tmp_path / "job.sh").write_text(blocks[0])
    options = options_file(tmp_path, **{"train:total_iter": 20, "val:val_freq": 20})
    variables = {"OPTIONS": str(options), "EXPERIMENT": str(tmp_path / "experiments/tiny")}
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    for minutes in ("0.0001", "60"):
        slurm = {"SLURM_JOB_ID": str(os.getpid()), "SLURM_SUBMIT_DIR": str(ROOT)}
        job = subprocess.run(
            ["bash", str(tmp_path / "job.sh")],
            env=environment(**variables, **slurm, MINUTES=minutes, PATH=path),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=600,
        )
        assert job.returncode == 0, job.stdout
        assert "2 processes" in job.stdout
    assert "resuming from iteration 1" in job.stdout
    assert Path(tmp_path / "requeued").read_text() == f"requeue {os.getpid()}\n"
