"""The examples of CONTRIBUTING.md, as they are printed, in one run."""

from __future__ import annotations

import os
import re
from pathlib import Path

import yaml

from tests.support import tiny_training, write_options
from tests.warm import run_warm

ROOT = Path(__file__).parents[1]


def test_the_examples_train(tmp_path):
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (tmp_path / "examples.py").write_text("\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)))
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    decoder = next(block["network_g"]["decoder"] for block in blocks if "network_g" in block)
    losses = next(block["train"]["losses"] for block in blocks if "train" in block)
    dataset = next(block["datasets"]["train"] for block in blocks if "datasets" in block)
    options = tiny_training(tmp_path, **{"train:total_iter": 2, "train:losses": losses})
    options["plugins"] = ["examples"]
    options["network_g"] = {**options["network_g"], "decoder": decoder}
    options["datasets"]["train"] = {**dataset, "batch_size_per_gpu": 1, "num_worker_per_gpu": 0, "gt_size": 32}
    path = write_options(tmp_path / "options.yml", options)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = run_warm([str(ROOT / "run_train.py"), "-opt", str(path)], cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "experiments/tiny/models/net_g_2.pth").exists()
