"""Model files: saved models can be loaded, and invalid files are refused."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors.torch
import torch

from hyperthumb.base.component import Component
from hyperthumb.base.errors import CheckpointError
from hyperthumb.models.build import build_network
from hyperthumb.models.file import load_model, model_id_of, save_model
from tests.archs.parts import DECODERS, ENCODERS, QUANTIZATIONS
from tests.support import TINY_NETWORK, save_tiny_model, tiny_network, tiny_part

DESCRIPTION = TINY_NETWORK


@pytest.fixture
def saved(tmp_path):
    return save_tiny_model(tmp_path / "tiny.safetensors")


def rewritten(path: Path, weights=None, **changes: object) -> Path:
    """The model file with some of its metadata or weights changed."""
    with safetensors.safe_open(str(path), framework="pt") as file:
        metadata = json.loads(file.metadata()["hyperthumb"])
    metadata = {key: value for key, value in {**metadata, **changes}.items() if value is not ...}
    weights = weights or safetensors.torch.load_file(path)
    path.write_bytes(safetensors.torch.save(weights, {"hyperthumb": json.dumps(metadata)}))
    return path


@pytest.mark.parametrize("with_rate_model", [False, True])
def test_saved_weights_load_in_half_precision(saved, with_rate_model):
    network = tiny_network()
    model = load_model(saved, with_rate_model)
    own = network.state_dict()
    if not with_rate_model:
        own = {name: value for name, value in own.items() if not name.startswith("rate.")}
        assert own.keys() < network.state_dict().keys()
    assert own.keys() == model.network.state_dict().keys()
    for name, value in model.network.state_dict().items():
        assert value.dtype == torch.float32
        assert torch.equal(value, own[name].half().float())
    assert not model.network.training
    assert not any(parameter.requires_grad for parameter in model.network.parameters())
    assert (model.name, model.scale, model.card) == ("tiny", 4, {"license": "CC0"})


def test_the_file_is_small_and_its_metadata_is_json(saved):
    count = sum(parameter.numel() for parameter in load_model(saved).network.parameters())
    assert saved.stat().st_size < 2 * count + 4096
    with safetensors.safe_open(str(saved), framework="pt") as file:
        assert json.loads(file.metadata()["hyperthumb"])["network_g"] == DESCRIPTION


def test_saving_twice_gives_the_same_bytes_and_id(tmp_path, saved):
    again = save_tiny_model(tmp_path / "again" / "tiny.safetensors")
    assert again.read_bytes() == saved.read_bytes()
    other = save_tiny_model(tmp_path / "other.safetensors", seed=1)
    assert load_model(other).model_id != load_model(saved).model_id
    assert len(load_model(saved).model_id) == 3


def test_the_id_depends_on_the_weights():
    weights = {"b": torch.zeros(2, dtype=torch.float16), "a": torch.ones((), dtype=torch.int64)}
    own = model_id_of(weights)
    assert own == model_id_of(dict(reversed(weights.items())))
    assert own != model_id_of({**weights, "b": torch.zeros(1, 2, dtype=torch.float16)})
    assert own != model_id_of({**weights, "b": torch.tensor([0, 1e-7], dtype=torch.float16)})
    assert own != model_id_of({"c": weights["b"], "a": weights["a"]})


def test_the_id_does_not_depend_on_the_rate_model(tmp_path, saved):
    network = tiny_network()
    network.rate.log_scales.add_(1)
    save_model(tmp_path / "other.safetensors", network, tiny_part(), "tiny")
    other = load_model(tmp_path / "other.safetensors", with_rate_model=True)
    assert torch.equal(other.network.rate.log_scales, network.rate.log_scales.half().float())
    assert other.model_id == load_model(saved).model_id == load_model(saved, with_rate_model=True).model_id


def test_a_rate_model_that_needs_a_heavy_package_is_not_saved(tmp_path):
    part = Component("HyperThumbnail", {**tiny_part().arguments, "rate": Component("factorized")})
    path = tmp_path / "light.safetensors"
    save_model(path, build_network(part, 4), part, "light")
    assert load_model(path, with_rate_model=True).network.rate is None
    with safetensors.safe_open(str(path), framework="pt") as file:
        assert not [name for name in file.keys() if name.startswith("rate.")]  # noqa: SIM118
        assert "rate" not in json.loads(file.metadata()["hyperthumb"])["network_g"]


@pytest.mark.parametrize("quantization", QUANTIZATIONS)
@pytest.mark.parametrize(("encoder", "decoder"), list(zip(ENCODERS, DECODERS, strict=True)))
def test_all_parts_can_be_saved_and_loaded(tmp_path, quantization, encoder, decoder):
    arguments = {
        "quantization": QUANTIZATIONS[quantization],
        "encoder": ENCODERS[encoder],
        "rate": Component("laplace"),
        "decoder": DECODERS[decoder],
    }
    part = Component("HyperThumbnail", arguments)
    network = build_network(part, 2).eval()
    save_model(tmp_path / "it.safetensors", network, part, "it")
    loaded = load_model(tmp_path / "it.safetensors").network
    assert loaded.rate is None
    hr = torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(0))
    ours, theirs = (net.analyze(hr) for net in (network, loaded))
    torch.testing.assert_close(theirs.coefficients, ours.coefficients, atol=1, rtol=0.05)
    torch.testing.assert_close(theirs.steps, ours.steps, atol=0.1, rtol=0.01)


def test_a_model_of_scale_1_has_no_encoder_or_decoder(tmp_path):
    part = Component("HyperThumbnail", {"quantization": Component("learned", {"initial": 60})})
    save_model(tmp_path / "one.safetensors", build_network(part, 1), part, "one")
    assert load_model(tmp_path / "one.safetensors").scale == 1


def test_loading_imports_no_heavy_package(saved):
    absent = ["compressai", "basicsr", "torchvision", "yaml", "hyperthumb.config", "torch._dynamo"]
    code = (
        f"import sys; from pathlib import Path; from hyperthumb.models.file import load_model; "
        f"load_model(Path({str(saved)!r})); print([name for name in {absent!r} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_loading_does_not_change_the_random_state(saved):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    load_model(saved)
    assert torch.equal(torch.rand(3), expected)


def test_a_file_that_could_not_be_loaded_is_not_written(tmp_path):
    network, path = tiny_network(), tmp_path / "no.safetensors"
    foreign = Component("HyperThumbnail", {**tiny_part().arguments, "decoder": Component("EDSR", {"num_feat": 8})})
    with pytest.raises(CheckpointError, match='unknown decoder "EDSR"'):
        save_model(path, network, foreign, "no")
    smaller = Component("LiteDecoder", {"num_feat": 4, "num_block": 1})
    with pytest.raises(CheckpointError, match=r"do not fit.*of another shape \(decoder"):
        save_model(path, network, Component("HyperThumbnail", {**tiny_part().arguments, "decoder": smaller}), "no")
    network.decoder.conv_first.weight[0, 0, 0, 0] = 70_000
    with pytest.raises(CheckpointError, match=r"decoder\.conv_first\.weight.*not finite in half precision"):
        save_model(path, network, tiny_part(), "no")
    with pytest.raises(CheckpointError, match=r"must end in \.safetensors, not no\.pth"):
        save_model(tmp_path / "no.pth", network, tiny_part(), "no")
    assert list(tmp_path.iterdir()) == []


HUGE = {**DESCRIPTION, "decoder": {"type": "LiteDecoder", "num_feat": 8, "num_block": 10**9}}
WIDE = {**DESCRIPTION, "decoder": {"type": "LiteDecoder", "num_feat": 1024, "num_block": 1000}}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"format": 2, "version": "9.9"}, r"later version of hyperthumb \(9\.9\)"),
        ({"format": "x"}, "not a model file of hyperthumb"),
        ({"network_g": ...}, "does not describe the network"),
        ({"network_g": []}, "does not describe the network"),
        ({"card": 3}, "does not describe the network"),
        ({"scale": 3}, "the scale must be 1, 2, 4 or 8"),
        ({"scale": "4"}, "the scale must be 1, 2, 4 or 8"),
        ({"scale": 8}, "do not fit"),
        ({"network_g": {"type": "os.system"}}, 'unknown network "os.system"'),
        ({"network_g": {**DESCRIPTION, "rate": {"type": "factorized"}}}, "rate model that is not allowed"),
        ({"network_g": {**DESCRIPTION, "rate": 3}}, "cannot be built here"),
        ({"network_g": {}}, "does not describe the network"),
        ({"network_g": {**DESCRIPTION, "surprise": 3}}, "cannot be built here"),
        ({"network_g": {**DESCRIPTION, "quantization": 3}}, "cannot be built here"),
        ({"network_g": {**DESCRIPTION, "encoder": None}}, "needs an encoder"),
        ({"network_g": {**DESCRIPTION, "decoder": {"type": "LiteDecoder", "num_feat": -8}}}, "cannot be built here"),
        ({"network_g": HUGE}, "too large: an argument is 1000000000"),
        ({"network_g": WIDE}, "do not fit"),
    ],
)
def test_hostile_descriptions_are_refused(saved, changes, complaint):
    with pytest.raises(CheckpointError, match=complaint):
        load_model(rewritten(saved, **changes))


def test_weights_that_are_not_finite_are_refused(saved):
    weights = safetensors.torch.load_file(saved)
    weights["decoder.conv_first.weight"][0] = torch.nan
    with pytest.raises(CheckpointError, match="not finite"):
        load_model(rewritten(saved, weights))


def test_other_files_are_refused(tmp_path, saved):
    path = tmp_path / "other.safetensors"
    with pytest.raises(CheckpointError, match="there is no model at"):
        load_model(path)
    whole = saved.read_bytes()
    for content in (b"", b"\0" * 100, b"\xff" * 20, pickle.dumps({"a": 1}), whole[:-1], whole[:300], whole + b"x"):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="cannot be read as a model file"):
            load_model(path)
    path.write_bytes(safetensors.torch.save({"w": torch.zeros(2)}))
    with pytest.raises(CheckpointError, match="not a model file of hyperthumb"):
        load_model(path)
    path.write_bytes(safetensors.torch.save({"w": torch.zeros(2)}, {"hyperthumb": "[" * 100_000}))
    with pytest.raises(CheckpointError, match="not a model file of hyperthumb"):
        load_model(path)
