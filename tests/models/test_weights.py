from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from hyperthumb.base.errors import CheckpointError
from hyperthumb.models.weights import choose_weights, load_weights, read_safely, sha256_of

HERE = Path("somewhere.pth")


def test_auto_prefers_the_average():
    content = {"params": {"w": torch.zeros(1)}, "params_ema": {"w": torch.ones(1)}}
    assert choose_weights(content, "auto", HERE)["w"] == 1
    assert choose_weights(content, "params", HERE)["w"] == 0


def test_a_bare_state_dict_is_accepted():
    content = {"w": torch.zeros(1)}
    assert choose_weights(content, "auto", HERE) == content


@pytest.mark.parametrize("key", ["auto", "params_ema"])
def test_the_error_for_a_missing_key_lists_the_keys(key):
    with pytest.raises(CheckpointError, match="iteration"):
        choose_weights({"iteration": 3}, key, HERE)


@pytest.mark.parametrize("name", [1, b"weight"])
def test_names_that_are_not_text_are_refused(name):
    weights = {name: torch.zeros(1)}
    for content, key in (({"params": weights}, "params"), ({"params": weights}, "auto"), (weights, "auto")):
        with pytest.raises(CheckpointError, match=r"not a mapping of names to tensors|neither params_ema nor params"):
            choose_weights(content, key, HERE)


def test_weights_that_do_not_fit_are_named():
    network = nn.Linear(2, 3)
    weights = {"weight": torch.zeros(4, 2), "extra": torch.zeros(1)}
    with pytest.raises(CheckpointError, match=r"missing \(bias\).*extra.*shape \(weight\)"):
        load_weights(network, weights, HERE)
    with pytest.warns(UserWarning, match="does not fit the network; only fitting weights are loaded"):
        load_weights(network, {**weights, "bias": torch.full((3,), 7.0)}, HERE, strict=False)
    assert network.bias.tolist() == [7.0] * 3


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("weights", [{"conv.weight": torch.zeros(3, 2)}, {"weight": torch.zeros(4, 2)}, {}])
def test_weights_of_which_none_fits_are_refused_even_if_not_strict(strict, weights):
    network = nn.Linear(2, 3)
    with pytest.raises(CheckpointError, match="does not fit the network at all") as caught:
        load_weights(network, weights, HERE, strict, hint="strict: false loads what fits")
    assert "strict: false" not in str(caught.value)


def test_the_hint_is_given_only_if_some_weights_fit():
    some = {"weight": torch.zeros(3, 2)}
    with pytest.raises(CheckpointError, match=r"missing \(bias\) \(strict: false loads what fits\)$"):
        load_weights(nn.Linear(2, 3), some, HERE, hint="strict: false loads what fits")
    with pytest.raises(CheckpointError, match=r"missing \(bias\)$"):
        load_weights(nn.Linear(2, 3), some, HERE)


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module.module."])
@pytest.mark.parametrize("key", ["params", "state_dict", None])
def test_weights_of_wrapped_networks_are_loaded(prefix, key):
    network, trained = nn.Sequential(nn.Linear(2, 3)), nn.Sequential(nn.Linear(2, 3))
    wrapped = {prefix + name: value for name, value in trained.state_dict().items()}
    load_weights(network, choose_weights({key: wrapped} if key else wrapped, "auto", HERE), HERE)
    assert torch.equal(network[0].weight, trained[0].weight)


def test_a_wrapped_network_loads_wrapped_and_plain_weights():
    trained = nn.Linear(2, 3)
    bare, wrapped = trained.state_dict(), nn.DataParallel(trained).state_dict()
    for weights in (bare, wrapped):
        network = nn.DataParallel(nn.Linear(2, 3))
        load_weights(network, choose_weights(dict(weights), "auto", HERE), HERE)
        assert torch.equal(network.module.weight, trained.weight)


def test_prefixes_that_not_all_names_have_are_kept():
    content = {"module.weight": torch.zeros(1), "bias": torch.zeros(1)}
    assert choose_weights(content, "auto", HERE) == content


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\x80\x04"])
def test_garbage_is_refused(tmp_path, content):
    path = tmp_path / "garbage.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"garbage\.pth"):
        read_safely(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="no checkpoint at"):
        read_safely(tmp_path / "none.pth")


def test_sha256_of_equals_hashlib(tmp_path):
    path = tmp_path / "abc"
    path.write_bytes(b"abc")  # FIPS 180-2, appendix B.1
    assert sha256_of(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_flipped_bit_is_detected(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"params": {"w": torch.arange(1000.0)}}, path)
    data = bytearray(path.read_bytes())
    data[data.index(torch.arange(1000.0).numpy().tobytes()) + 2001] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match="damaged"):
        read_safely(path)


@pytest.mark.parametrize("value", [None, [1, 2], {"w": 3}])
def test_values_that_are_not_weights_are_refused(value):
    with pytest.raises(CheckpointError, match="not a mapping"):
        choose_weights({"params": value}, "params", HERE)
