"""Remakes demo_losses.json, the losses of the demo's first 20 iterations: python -m tests.golden.make_demo_losses

To be done when a change is meant to change training, and said in its message. Other CPUs give other last digits.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).with_name("demo_losses.json")
ITERATIONS = 20


def demo_losses(folder: Path) -> dict[str, list[float]]:
    """Starts the demo's training in a folder, stops it after 20 iterations, and returns its losses by name."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    prepare = [sys.executable, str(ROOT / "scripts/prepare_demo_photos.py")]
    subprocess.run(prepare, cwd=folder, env=environment, check=True, capture_output=True, timeout=240)
    command = [sys.executable, str(ROOT / "run_train.py"), "-opt", str(ROOT / "options/train/demo_4x.yml")]
    changes = ["logger:print_freq=1", "device=cpu", "datasets:val:max_images=1"]
    output = folder / "output"
    with open(output, "wb") as file:
        process = subprocess.Popen(
            [*command, "--force_yml", *changes], cwd=folder, env=environment, stdout=file, stderr=file
        )
    deadline = time.monotonic() + 500
    while f"iter {ITERATIONS}/" not in output.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise RuntimeError(output.read_text())
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    if process.wait(timeout=240) != 143:
        raise RuntimeError(output.read_text())
    return _logged_losses(folder / "tb_logger/demo_4x")


def _logged_losses(folder: Path) -> dict[str, list[float]]:
    """TensorBoard's numbers, which have all the digits."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
    names = [tag for tag in events.Tags()["scalars"] if tag.startswith("loss/")]
    return {
        name: [float(f"{point.value:.9g}") for point in events.Scalars(name) if point.step <= ITERATIONS]
        for name in names
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        losses = demo_losses(Path(folder))
    made = (
        f"python -m tests.golden.make_demo_losses; torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}"
    )
    lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(values)}" for name, values in losses.items())
    GOLDEN.write_text(f'{{\n  "made_by": {json.dumps(made)},\n  "losses": {{\n{lines}\n  }}\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
