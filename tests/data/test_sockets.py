from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from multiprocessing import process
from pathlib import Path

import pytest

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.data import sockets
from tests.support import write_photographs

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from hyperthumb.config import Component, DatasetOptions
from hyperthumb.data import build_training_loader
from hyperthumb.data.order import BatchPositions

source = Component("HRImageDataset", {"dataroot_gt": sys.argv[1]})
options = DatasetOptions(source, "train", gt_size=32, num_worker_per_gpu=1)
print(len(list(build_training_loader(options, BatchPositions(0, 3, 2), 4, 0))), "batches")
"""


@pytest.mark.parametrize("length", [76])  # the shortest that is too long
def test_data_workers_pass_batches_whatever_the_length_of_tmpdir(tmp_path, length):
    photos = write_photographs(tmp_path / "photos", 2)
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        temporary = Path(short) / ("n" * max(length - len(short) - 1, 1))
        temporary.mkdir()
        environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", PROGRAM, str(photos)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stdout) == (0, "3 batches\n"), done.stderr
        assert not list(temporary.iterdir())


def test_an_unusable_tmp_folder_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", f"/{'n' * 100}")
    monkeypatch.setattr(sockets, "_SHORT", str(tmp_path / "none"))
    monkeypatch.delitem(process.current_process()._config, "tempdir", raising=False)
    with pytest.raises(HyperthumbError, match=r"TMPDIR is too long .* cannot be used \(No such file or directory\)"):
        sockets.keep_socket_names_short()
    assert tempfile.tempdir == f"/{'n' * 100}"
