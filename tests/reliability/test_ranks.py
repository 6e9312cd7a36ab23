"""Several processes train as one does, and end when one of them dies."""

from __future__ import annotations

import csv
import os
import signal
import time
from pathlib import Path

import pytest

from tests.reliability.ranks import (
    ROOT,
    TORCHRUN,
    TRAIN,
    checkpoints,
    command,
    environment,
    finished,
    largest_difference,
    options_file,
    train,
    weights,
)
from tests.warm import WarmProcess, run_warm

# Four crops a step, however they are shared out. The losses are lite_4x's: smooth ones, because where a difference is
# nothing but rounding errors L1's gradient may have either sign, and Adam makes a step of that.
STEP = {
    "train:total_iter": 20,
    "train:losses:reconstruction": {"type": "MSELoss", "weight": 11.0},
    "logger:save_checkpoint_freq": 10,
    "val:val_freq": 20,
    "logger:print_freq": 10,
}


def shared_out(accumulate: int) -> dict[str, object]:
    return {**STEP, "datasets:train:batch_size_per_gpu": None, "train:batch_size": 4, "train:accumulate": accumulate}


def rows(folder: Path) -> list[dict[str, str]]:
    with open(folder / "experiments/tiny/metrics.csv", newline="") as file:
        return list(csv.DictReader(file))


def assert_same_rows(first: list[dict[str, str]], second: list[dict[str, str]]) -> None:
    """Of equal weights the same text; of weights that differ in the seventh digit, the same within 0.01 dB."""
    assert first[0] == second[0]
    for one, other in zip(first, second, strict=True):
        assert {key for key, value in one.items() if value} == {key for key, value in other.items() if value}
        assert [one[key] for key in ("iteration", "dataset", "count")] == [
            other[key] for key in ("iteration", "dataset", "count")
        ]
        for key in ("psnr_rgb", "psnr_y", "thumb_psnr", "bpp"):
            assert float(one[key]) == pytest.approx(float(other[key]), abs=0.01)


def test_two_processes_train_to_the_weights_of_one(tmp_path):
    """Noise and gradient accumulation included; then one process goes on from the two's checkpoint."""
    one, two = tmp_path / "one", tmp_path / "two"
    finished(train(options_file(one, **shared_out(accumulate=1))))
    result = train(options_file(two, **shared_out(accumulate=2)), 2)
    finished(result)
    assert "4 crops of 32x32 a step: 2 processes x 2 micro-batches x 1" in result.stdout
    assert largest_difference(weights(one, 20), weights(two, 20)) < 1e-5
    assert largest_difference(weights(one, 20), weights(one, 10)) > 1e-3
    assert_same_rows(rows(one), rows(two))

    for part in ("models/net_g_20.pth", "training_states/20.state"):
        (two / "experiments/tiny" / part).unlink()
    result = train(options_file(two, **shared_out(accumulate=1)), 1, "--auto_resume")
    finished(result)
    assert "resuming from iteration 10" in result.stdout
    assert largest_difference(weights(one, 20), weights(two, 20)) < 1e-5


def test_torchrun_without_launcher_does_not_start(tmp_path):
    """Every process would train the same experiment and overwrite the others' files."""
    result = run_warm([*TORCHRUN, "2", TRAIN, "-opt", str(options_file(tmp_path))], cwd=ROOT, env=environment())
    assert result.returncode != 0
    assert "error: torchrun started 2 processes, but --launcher is none: add --launcher pytorch" in result.stderr
    assert not (tmp_path / "experiments").exists()


def test_a_process_that_dies_ends_the_job(tmp_path):
    options = options_file(
        tmp_path, **{"train:total_iter": 10**6, "logger:print_freq": 5, "datasets:val": None, "val": {}}
    )
    job = WarmProcess(command(options, 2), tmp_path / "output", cwd=ROOT, env=environment())
    try:
        _wait_for_text(tmp_path / "output", "it/s", job)
        workers = Path(f"/proc/{job.pid}/task/{job.pid}/children").read_text().split()
        assert len(workers) == 2
        started = time.monotonic()
        os.kill(int(workers[1]), signal.SIGKILL)
        assert job.wait(timeout=60) != 0
        assert time.monotonic() - started < 60
        assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
        assert "another process of this run ended" in (tmp_path / "output").read_text()
    finally:
        job.kill()
        job.wait()


@pytest.mark.parametrize("nodes", ["127.0.0.[1-2]"])
def test_slurms_variables_are_understood(tmp_path, nodes):
    """Two processes that only Slurm's variables bring together, as srun sets them."""
    options = options_file(tmp_path, **{**shared_out(accumulate=1), "train:total_iter": 2, "val:val_freq": 2})
    processes = _under_slurm(options, nodes)
    codes = [process.wait(timeout=300) for process in processes]
    outputs = [(tmp_path / f"output_{rank}").read_text() for rank in range(2)]
    assert codes == [0, 0], outputs
    assert "2 processes" in outputs[0]
    assert [row["iteration"] for row in rows(tmp_path)] == ["0", "2"]


def test_a_signal_to_one_process_stops_all(tmp_path):
    options = options_file(
        tmp_path,
        **{
            "train:total_iter": 10**6,
            "logger:print_freq": 1,
            "logger:save_checkpoint_freq": 10**6,
            "datasets:val": None,
            "val": {},
        },
    )
    processes = _under_slurm(options, "127.0.0.1")
    try:
        _wait_for_text(tmp_path / "output_0", "it/s", processes[0])
        processes[1].terminate()
        assert [process.wait(timeout=120) for process in processes] == [143, 143]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    said = (tmp_path / "output_0").read_text()
    assert "another process got SIGTERM; continue with --auto_resume" in said
    assert len(checkpoints(tmp_path)) == 1


def _under_slurm(options: Path, nodes: str) -> list[WarmProcess]:
    """Two processes, each of which writes to output_RANK beside the options."""
    processes = []
    for rank in range(2):
        variables = {
            "SLURM_JOB_ID": str(os.getpid()),  # MASTER_PORT comes from it
            "SLURM_STEP_ID": "0",
            "SLURM_JOB_NODELIST": nodes,
            "SLURM_NTASKS": "2",
            "SLURM_PROCID": str(rank),
            "SLURM_LOCALID": str(rank),
        }
        words = [TRAIN, "-opt", str(options), "--launcher", "slurm"]
        output = options.parent / f"output_{rank}"
        processes.append(WarmProcess(words, output, cwd=ROOT, env=environment(**variables)))
    return processes


def _wait_for_text(path: Path, text: str, process: WarmProcess, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while text not in path.read_text():
        assert process.poll() is None, path.read_text()
        assert time.monotonic() < deadline, path.read_text()
        time.sleep(0.05)
