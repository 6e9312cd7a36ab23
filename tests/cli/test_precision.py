"""`--precision`: what it needs, and settings that it overrides."""

from __future__ import annotations

import pytest

from tests.cli.files import save

EXPORT = "`hyperthumb export tiny.safetensors -o .`"
LOWER = "`hyperthumb export tiny.safetensors -o . --part decoder --precision int8 --calibrate PHOTOS`"


@pytest.fixture
def thumbnail(run, tiny_model, tmp_path) -> str:
    (tmp_path / "tiny.safetensors").symlink_to(tiny_model)
    save("photo.png")
    assert run("compress", "photo.png")[0] == 0
    return "photo.thumb.jpg"


@pytest.mark.parametrize("engine", ["auto", "onnxruntime"])
def test_int8_names_all_files_that_it_needs(run, thumbnail, engine):
    arguments = ("restore", thumbnail, "--precision", "int8", "--engine", engine, "--model", "tiny.safetensors")
    assert run(*arguments, model=False) == (
        2,
        "",
        "error: tiny.safetensors lacks exported graphs beside it: tiny.encoder.onnx, tiny.tables.onnx, "
        f"tiny.decoder.onnx and tiny.decoder.int8.onnx; write them with {EXPORT} and {LOWER}, or restore in fp32\n",
    )


@pytest.mark.parametrize("engine", ["auto", "onnxruntime"])
def test_compressing_in_int8_names_all_files_that_it_needs(run, tiny_model, tmp_path, engine):
    (tmp_path / "tiny.safetensors").symlink_to(tiny_model)
    save("photo.png")
    arguments = ("compress", "photo.png", "--precision", "int8", "--engine", engine, "--model", "tiny.safetensors")
    assert run(*arguments, model=False) == (
        2,
        "",
        "error: tiny.safetensors lacks exported graphs beside it: tiny.encoder.onnx, tiny.tables.onnx, "
        f"tiny.decoder.onnx and tiny.encoder.int8.onnx; write them with {EXPORT} and "
        f"{LOWER.replace('decoder', 'encoder')}, or compress in fp32\n",
    )


def test_compressing_in_int8_in_pytorch_says_which_engines_have_it(run):
    save("photo.png")
    assert run("compress", "photo.png", "--precision", "int8", "--engine", "torch") == (
        2, "", "error: torch compresses in fp32, not in int8; give --engine onnxruntime or openvino\n",
    )  # fmt: skip


def test_int8_in_pytorch_says_which_engines_have_it(run, thumbnail):
    code, _, err = run("restore", thumbnail, "--precision", "int8", "--engine", "torch")
    assert code == 1
    assert "restores in fp32 or bf16, not in int8; give --engine onnxruntime or openvino" in err


@pytest.mark.parametrize("engine", ["onnxruntime", "torch", "auto"])
def test_an_engine_that_bf16_does_not_use_is_warned_of(run, engine):
    save("photo.png")
    assert run("compress", "photo.png", model=False)[0] == 0
    code, _, err = run("restore", "photo.thumb.jpg", "--precision", "bf16", "--engine", engine, model=False)
    assert code == 0
    warning = "warning: --engine onnxruntime is ignored with --precision bf16, which runs in PyTorch\n"
    assert err == (warning if engine == "onnxruntime" else "")


@pytest.mark.parametrize("engine", ["torch", "auto"])
def test_bf16_is_warned_of_once_where_the_model_has_no_decoder(run, engine):
    for name in ("first", "second"):
        save(f"{name}.png")
        assert run("compress", f"{name}.png", "--model", "qpm_1x", model=False)[0] == 0
    thumbnails = ("first.thumb.jpg", "second.thumb.jpg")
    code, _, err = run("restore", *thumbnails, "-o", "out", "--precision", "bf16", "--engine", engine, model=False)
    assert code == 0
    warning = "a network of scale 1 has no decoder, so precision bf16 has no effect"
    assert err == f"warning: first.thumb.jpg: {warning}\n2 of 2 restored\n"
