"""The engines on shipped models: one picture, files that each can read, and no torch where none is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import hyperthumb
from hyperthumb.base.errors import CheckpointError, HyperthumbError, OptionsError
from hyperthumb.base.limits import GraphPrecision
from hyperthumb.base.progress import listening
from hyperthumb.codec.engines import choose_engine, open_engine
from hyperthumb.jpeg.file import read_jpeg
from hyperthumb.models import zoo
from hyperthumb.runtime.exported_engine import check_graphs, graph_path
from hyperthumb.runtime.manifest import PARTS, Part
from tests.support import photograph, save_tiny_model

ROOT = Path(__file__).parents[2]
EXPORTED = ("onnxruntime", "openvino")
PHOTOGRAPH = photograph(299, 170)


@pytest.fixture(scope="module")
def codecs():
    pytest.importorskip("openvino")
    return {name: hyperthumb.load("lite_2x", "cpu", engine=name) for name in ("torch", *EXPORTED)}


@pytest.mark.parametrize("name", EXPORTED)
def test_every_engine_reads_what_another_wrote_and_restores_the_same_picture_but_for_one_level(codecs, name):
    theirs, ours = codecs["torch"].compress(PHOTOGRAPH), codecs[name].compress(PHOTOGRAPH)
    for data in (theirs, ours):
        expected, restored = codecs["torch"].restore(data).astype(int), codecs[name].restore(data)
        assert restored.shape == PHOTOGRAPH.shape
        assert np.abs(expected - restored).max() <= 1
    before, after = read_jpeg(theirs), read_jpeg(ours)
    assert np.abs(before.tables.astype(int) - after.tables).max() <= 1
    assert len(ours) == pytest.approx(len(theirs), rel=0.01)


@pytest.mark.parametrize("name", EXPORTED)
def test_tiles_change_nothing(codecs, name):
    data = codecs[name].compress(PHOTOGRAPH, tile=10**6)
    whole = codecs[name].restore(data, tile=10**6).astype(int)
    in_tiles = read_jpeg(codecs[name].compress(PHOTOGRAPH, tile=64))
    assert np.abs(codecs[name].restore(data, tile=64) - whole).max() <= 1
    assert (in_tiles.coefficients != read_jpeg(data).coefficients).mean() < 1e-3
    with pytest.raises(HyperthumbError, match="1 row or more"):
        codecs[name].restore(data, tile=0)


@pytest.mark.parametrize("name", ["torch", *EXPORTED])
def test_progress_is_reported_while_the_picture_is_processed(codecs, name):
    said = []
    with listening(lambda done, total: said.append(done / total)):
        data = codecs[name].compress(PHOTOGRAPH, tile=64)
        count = len(said)
        codecs[name].restore(data, tile=64)
    for shares in (said[:count], said[count:]):
        assert len(shares) > 1
        assert shares == sorted(set(shares))
        assert shares[-1] == 1


@pytest.mark.parametrize("name", EXPORTED)
def test_a_limit_holds_on_every_engine(codecs, name):
    assert 2900 < len(codecs[name].compress(PHOTOGRAPH, max_bytes=3000)) <= 3000


def test_refining_and_bf16_use_torch():
    codec = hyperthumb.load("lite_4x", "cpu", engine="onnxruntime")
    data = codec.compress(PHOTOGRAPH[:64, :64], refine=12)
    assert data != codec.compress(PHOTOGRAPH[:64, :64])
    plain, half = (codec.restore(data, precision=each).astype(int) for each in ("fp32", "bf16"))
    assert 0 < np.abs(plain - half).mean() < 1


def test_without_torch_refining_says_what_to_install(codecs, monkeypatch):
    codec = hyperthumb.load("lite_2x", "cpu", engine="onnxruntime")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(HyperthumbError, match=r"pip install hyperthumb\[train\]"):
        codec.compress(PHOTOGRAPH, refine=1)


def test_a_model_without_exported_graphs_runs_on_torch(tmp_path):
    path = save_tiny_model(tmp_path / "tiny.safetensors")
    assert hyperthumb.load(path, "cpu").engine.name == choose_engine(path, "cpu") == "torch"
    with pytest.raises(CheckpointError) as raised:
        hyperthumb.load(path, engine="onnxruntime")
    assert str(raised.value) == (
        f"{path} lacks exported graphs beside it: tiny.encoder.onnx, tiny.tables.onnx and tiny.decoder.onnx; write "
        f"them with `hyperthumb export {path} -o {tmp_path}`, or use --engine torch"
    )
    for part in ("encoder", "tables", "decoder"):
        (tmp_path / f"tiny.{part}.onnx").symlink_to(zoo.FOLDER / f"lite_2x.{part}.onnx")
    with pytest.raises(CheckpointError, match="decoder of another model"):
        hyperthumb.load(path, engine="onnxruntime").engine.restore(
            np.zeros((3, 2, 2, 8, 8), np.int16), np.ones((2, 8, 8), np.int16), (32, 32)
        )


def test_only_missing_graphs_are_named(tmp_path):
    path = tmp_path / "mine.safetensors"
    for part in ("encoder", "decoder"):
        graph_path(path, part).touch()
    with pytest.raises(CheckpointError) as raised:
        check_graphs(path, "int8")
    export = f"hyperthumb export {path} -o {tmp_path}"
    assert str(raised.value) == (
        f"{path} lacks exported graphs beside it: mine.tables.onnx and mine.decoder.int8.onnx; write them with "
        f"`{export}` and `{export} --part decoder --precision int8 --calibrate PHOTOS`, or restore in fp32"
    )
    with pytest.raises(CheckpointError) as raised:
        check_graphs(path, "int8", "encoder")
    assert str(raised.value) == (
        f"{path} lacks exported graphs beside it: mine.tables.onnx and mine.encoder.int8.onnx; write them with "
        f"`{export}` and `{export} --part encoder --precision int8 --calibrate PHOTOS`, or compress in fp32"
    )
    graph_path(path, "tables").touch()
    with pytest.raises(CheckpointError, match=r"beside it: mine\.decoder\.fp16\.onnx; write them with [^`]*`[^`]*fp16"):
        check_graphs(path, "fp16")
    check_graphs(path)


def test_a_training_has_no_graphs_even_if_files_of_its_name_exist(tmp_path):
    (tmp_path / "mine").mkdir()
    for part in PARTS:
        graph_path(tmp_path / "mine", part).touch()
    assert choose_engine(tmp_path / "mine", "cpu") == "torch"
    with pytest.raises(CheckpointError, match=r"is a training's, .*make a model file with scripts/export_model\.py"):
        hyperthumb.load(tmp_path / "mine", engine="onnxruntime")


def misnamed(folder: Path, part: Part, precision: GraphPrecision) -> Path:
    """The model lite_2x in a folder. Its float32 graph of a part is also there under the name of another precision."""
    path = folder / "lite_2x.safetensors"
    for file in zoo.FOLDER.glob("lite_2x.*"):
        (folder / file.name).symlink_to(file)
    graph_path(path, part, precision).symlink_to(graph_path(path, part))
    return path


@pytest.mark.parametrize("name", EXPORTED)
def test_a_decoder_in_another_precision_than_its_name_says_is_refused(tmp_path, name):
    pytest.importorskip(name)
    path = misnamed(tmp_path, "decoder", "int8")
    codec = hyperthumb.load(path, "cpu", engine=name)
    with pytest.raises(CheckpointError, match=r"lite_2x\.decoder\.int8\.onnx is in fp32, but its name stands for int8"):
        codec.restore(codec.compress(PHOTOGRAPH[:64, :64]), precision="int8")


@pytest.mark.parametrize("name", EXPORTED)
def test_an_encoder_in_another_precision_than_its_name_says_is_refused(tmp_path, name):
    pytest.importorskip(name)
    path = misnamed(tmp_path, "encoder", "fp16")
    codec = hyperthumb.load(path, "cpu", engine=name, encoder_precision="fp16")
    with pytest.raises(CheckpointError, match=r"lite_2x\.encoder\.fp16\.onnx is in fp32, but its name stands for fp16"):
        codec.compress(PHOTOGRAPH[:64, :64])


def test_the_precision_of_the_encoder_holds_for_the_model_that_compresses_only(monkeypatch):
    opened = []

    def open_in_float(path, engine, device, encoder_precision):
        opened.append(encoder_precision)
        return open_engine(path, engine, device)

    monkeypatch.setattr("hyperthumb.codec.codec.open_engine", open_in_float)
    codec = hyperthumb.load(device="cpu", engine="onnxruntime", encoder_precision="int8")
    codec.restore(hyperthumb.load("lite_2x", "cpu", engine="onnxruntime").compress(PHOTOGRAPH[:64, :64]))
    assert opened == ["int8", "fp32", "fp32"]


def test_on_a_cpu_auto_takes_onnx_runtime_then_openvino_then_torch(monkeypatch):
    shipped, found = zoo.FOLDER / "lite_2x.safetensors", ["torch", "openvino", "onnxruntime"]
    monkeypatch.setattr("hyperthumb.codec.engines.find_spec", lambda name: name in found or None)
    while found:
        assert choose_engine(shipped, "cpu") == found.pop()


def test_an_engine_that_is_not_installed_is_a_sentence(monkeypatch):
    monkeypatch.setattr("hyperthumb.codec.engines.find_spec", lambda name: None)
    with pytest.raises(
        HyperthumbError, match=r"openvino is not installed; install it with `pip install hyperthumb\[openvino\]`"
    ):
        hyperthumb.load("lite_2x", "cpu", engine="openvino")


def test_a_wrong_choice_is_a_sentence():
    with pytest.raises(OptionsError, match='engine: "tensorrt" is not one of auto, torch, onnxruntime, openvino'):
        hyperthumb.load(engine="tensorrt")
    with pytest.raises(OptionsError, match="device: cuda needs the torch engine"):
        hyperthumb.load(device="cuda", engine="onnxruntime")
    with pytest.raises(OptionsError, match='encoder_precision: "bf16" is not one of fp32, fp16, int8'):
        hyperthumb.load(encoder_precision="bf16")
    with pytest.raises(OptionsError, match="torch compresses in fp32, not in int8; give --engine onnxruntime or openv"):
        hyperthumb.load("lite_2x", engine="torch", encoder_precision="int8")


@pytest.mark.parametrize("engine", EXPORTED)
def test_compressing_and_restoring_import_no_torch(tmp_path, engine):
    pytest.importorskip(engine)
    Image.fromarray(photograph(60, 80)).save(tmp_path / "photo.png")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    code = (
        "import sys; sys.modules['torch'] = None\n"  # whoever imports it gets an ImportError
        "from hyperthumb.cli.main import main\n"
        f"options = ['-q', '--model', 'lite_2x', '--engine', '{engine}', '--device', 'cpu']\n"
        "assert main(['compress', 'photo.png', *options, '--bpp', '1']) == 0\n"
        "assert main(['restore', 'photo.thumb.jpg', *options]) == 0\n"
        "assert not [name for name in sys.modules if name.startswith('torch.')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, timeout=120, env=environment)
    with Image.open(tmp_path / "photo.restored.png") as restored:
        assert restored.size == (80, 60)


@pytest.mark.parametrize("engine", EXPORTED)
def test_a_signal_after_an_engine_was_freed_is_handled(engine):
    pytest.importorskip(engine)
    code = (
        "import gc, signal, sys, numpy as np, hyperthumb\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))\n"
        f"hyperthumb.load('lite_2x', 'cpu', engine='{engine}').compress(np.zeros((40, 40, 3), np.uint8))\n"
        "gc.collect(); signal.raise_signal(signal.SIGTERM)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=120)
    assert done.returncode == 3
