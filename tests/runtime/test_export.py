"""Exported graphs compute what the network computes, at sizes that the exporter never saw."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import hyperthumb
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.metrics.psnr import psnr
from hyperthumb.models.file import LoadedModel, load_model
from hyperthumb.runtime.export import export_model
from hyperthumb.runtime.exported_engine import graph_path
from hyperthumb.runtime.session import Session
from hyperthumb.runtime.verify import LOSS_DB, check_float, example_coefficients
from tests.support import photograph, save_tiny_model


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("model") / "tiny.safetensors")


@pytest.fixture(scope="module")
def model(path) -> LoadedModel:
    return load_model(path)


@pytest.fixture(scope="module")
def files(model, path):
    """The exported files, beside the model."""
    return {file.manifest.part: file for file in export_model(model, path.parent)}


def test_a_photograph_goes_through_the_files_as_through_the_network(model, files):
    image = photograph(64, 224)[None]
    with torch.inference_mode():
        analysis = model.network.analyze(torch.from_numpy(image).permute(0, 3, 1, 2).float() / 255)
        batch = model.network.quantize(analysis)
        expected = model.network.restore(batch.coefficients, batch.tables)
    sessions = {part: Session(file.path) for part, file in files.items()}
    (coefficients,) = sessions["encoder"].run(image)
    (steps,) = sessions["tables"].run(coefficients)
    np.testing.assert_allclose(steps, analysis.steps.numpy(), rtol=1e-4)
    dequantized, _ = network_input(batch)
    restored, picture = sessions["decoder"].run(dequantized)
    np.testing.assert_allclose(restored, expected.numpy(), atol=1e-5)
    assert np.abs(picture[0] - 255 * expected[0].permute(1, 2, 0).numpy()).max() <= 0.51


def test_export_in_python_writes_where_engines_look(path):
    (decoder,) = hyperthumb.export(path, path.parent, part="decoder")
    assert decoder.path == graph_path(path, "decoder")
    assert decoder.path.is_file()


def test_files_name_no_folder_of_this_machine(files):
    """The exporter notes stack traces at every node."""
    for file in files.values():
        assert b".py" not in file.path.read_bytes()


def network_input(batch) -> tuple[np.ndarray, np.ndarray]:
    from hyperthumb.jpeg.zigzag import to_zigzag

    tables = torch.cat([batch.tables, batch.tables[:, 1:]], 1)[:, :, None, None]
    planes = to_zigzag((batch.coefficients * tables).float()).permute(0, 1, 4, 2, 3).flatten(1, 2)
    return planes.numpy(), tables.numpy()


def test_every_file_says_which_model_it_is_of(model, files):
    for part, file in files.items():
        manifest = Session(file.path).manifest
        assert manifest == file.manifest
        assert (manifest.part, manifest.model, manifest.scale) == (part, "tiny", 4)
        assert manifest.model_id == model.model_id.hex()
    assert files["decoder"].manifest.reach == 1
    assert files["tables"].manifest.reach == -1


def test_a_file_with_other_weights_does_not_pass_the_check(model, files):
    other = load_model_with_noise(model)
    with pytest.raises(HyperthumbError, match="the exported decoder differs from the network"):
        check_float(other.graphs().decoder, Session(files["decoder"].path), example_coefficients())


def load_model_with_noise(model):
    import copy

    network = copy.deepcopy(model.network)
    with torch.no_grad():
        for parameter in network.decoder.parameters():
            parameter.add_(0.01)
    return network


def test_half_precision_needs_photographs_and_keeps_the_picture(model, tmp_path):
    with pytest.raises(HyperthumbError, match="fp16 needs photographs"):
        export_model(model, tmp_path, "decoder", "fp16")
    (file,) = export_model(model, tmp_path, "decoder", "fp16", [photograph(96, 128), photograph(70, 80)])
    assert file.path.name == "tiny.decoder.fp16.onnx"
    assert Session(file.path).manifest.precision == "fp16"
    assert file.loss_db is not None
    assert file.loss_db < 0.01


def test_restoring_in_int8_runs_the_int8_decoder(path, files, tmp_path):
    shutil.copytree(path.parent, tmp_path, dirs_exist_ok=True)
    path = tmp_path / path.name
    image = photograph(96, 128)
    codec = hyperthumb.load(path, "cpu", engine="onnxruntime")
    data = codec.compress(image)
    with pytest.raises(HyperthumbError, match="--part decoder --precision int8 --calibrate PHOTOS"):
        codec.restore(data, precision="int8")
    (file,) = export_model(load_model(path), tmp_path, "decoder", "int8", [image, photograph(70, 80)])
    assert file.loss_db < 0.05
    difference = np.abs(codec.restore(data, precision="int8").astype(int) - codec.restore(data))
    assert 0 < difference.mean() < 1
    with pytest.raises(HyperthumbError, match="restores in fp32 or bf16, not in int8"):
        hyperthumb.load(path, "cpu", engine="torch").restore(data, precision="int8")
    with pytest.raises(HyperthumbError, match="not in fp8"):
        codec.restore(data, precision="fp8")


def test_photographs_are_checked_before_the_export_starts(model, tmp_path):
    photographs = [photograph(32, 32), photograph(31, 40)]
    with pytest.raises(HyperthumbError, match=r"photograph 2: it has 40x31 pixels, but .* need at least 32x32"):
        export_model(model, tmp_path / "out", "both", "int8", photographs)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_compressing_in_lower_precision_runs_that_encoder(path, files, tmp_path, precision):
    shutil.copytree(path.parent, tmp_path, dirs_exist_ok=True)
    path = tmp_path / path.name
    with pytest.raises(HyperthumbError, match=f"--part encoder --precision {precision} --calibrate PHOTOS`, or compr"):
        hyperthumb.load(path, "cpu", engine="onnxruntime", encoder_precision=precision)
    image = photograph(96, 128)
    encoder, tables = export_model(load_model(path), tmp_path, "encoder", precision, [image, photograph(70, 80)])
    assert (encoder.path.name, tables.path.name) == (f"tiny.encoder.{precision}.onnx", "tiny.tables.onnx")
    assert (encoder.manifest.precision, tables.manifest.precision) == (precision, "fp32")
    assert encoder.loss_db < LOSS_DB[precision]
    assert tables.loss_db is None
    plain = hyperthumb.load(path, "cpu", engine="onnxruntime")
    lower = hyperthumb.load(path, "cpu", encoder_precision=precision)
    expected, data = plain.compress(image), lower.compress(image)
    assert data != expected
    assert psnr(plain.restore(data), image) == pytest.approx(psnr(plain.restore(expected), image), abs=0.1)


def test_an_encoder_that_loses_too_much_is_not_written(model, tmp_path, monkeypatch):
    monkeypatch.setitem(LOSS_DB, "fp16", -1)
    with pytest.raises(HyperthumbError, match=r"fp16 encoder of tiny loses .* dB at equal bytes on 1 photograph \(all"):
        export_model(model, tmp_path, "encoder", "fp16", [photograph(64, 64)])
    assert not list(tmp_path.iterdir())


def test_int8_leaves_more_layers_in_float32_where_it_loses_too_much(tmp_path, monkeypatch):
    path = save_tiny_model(tmp_path / "tiny.safetensors")
    losses = [0.06, 0.04]
    monkeypatch.setattr("hyperthumb.runtime.export.decoder_loss", lambda *arguments: lambda decoder: losses.pop(0))
    (file,) = export_model(load_model(path), tmp_path, "decoder", "int8", [photograph(64, 64)])
    assert file.loss_db == 0.04
    assert losses == []
    monkeypatch.setattr(
        "hyperthumb.runtime.export.decoder_loss", lambda *arguments: lambda decoder: losses.append(0.06) or 0.06
    )
    with pytest.raises(HyperthumbError, match=r"int8 decoder of tiny loses 0\.060 dB on 1 photograph \(allowed: 0\.05"):
        export_model(load_model(path), tmp_path, "decoder", "int8", [photograph(64, 64)])
    assert len(losses) == 3


@pytest.mark.parametrize(("part", "precision"), [("all", "fp32"), ("both", "fp8")])
def test_unknown_wishes_are_refused(model, tmp_path, part, precision):
    with pytest.raises(HyperthumbError, match="not"):
        export_model(model, tmp_path, part, precision)


def test_a_file_that_is_not_ours_is_refused(tmp_path):
    (tmp_path / "text.onnx").write_text("hello")
    with pytest.raises(HyperthumbError, match=r"text\.onnx cannot be read as an ONNX file"):
        Session(tmp_path / "text.onnx")
    with pytest.raises(HyperthumbError, match="there is no exported graph"):
        Session(tmp_path / "missing.onnx")
