import importlib.util
from pathlib import Path

import pytest
import torch

from hyperthumb.archs.official.names import to_official
from tests.archs.instances import official_network, reference, write_instance

SCRIPT = Path(__file__).parents[2] / "scripts" / "convert_official_checkpoint.py"
SPEC = importlib.util.spec_from_file_location("convert_official_checkpoint", SCRIPT)
script = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(script)


def load(path):
    return torch.load(path, weights_only=True)


def test_a_basicsr_checkpoint_there_and_back(tmp_path, capsys):
    state, averaged = (to_official(official_network(4, seed).state_dict()) for seed in (0, 1))
    torch.save({"params": state, "params_ema": averaged}, tmp_path / "official.pth")
    assert script.main([str(tmp_path / "official.pth"), str(tmp_path / "ours.pth")]) == 0
    assert "num_feat=8" in capsys.readouterr().out
    ours = load(tmp_path / "ours.pth")
    official_network(4).load_state_dict(ours["params_ema"])
    assert script.main(["--to-official", str(tmp_path / "ours.pth"), str(tmp_path / "back.pth")]) == 0
    back = load(tmp_path / "back.pth")
    assert back.keys() == {"params", "params_ema"}
    for key, expected in (("params", state), ("params_ema", averaged)):
        assert back[key].keys() == expected.keys()
        assert all(torch.equal(back[key][name], expected[name]) for name in expected)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["back.pth", "official.pth", "ours.pth"]


def test_a_bare_state_dict_and_old_names(tmp_path):
    network = official_network(2)
    torch.save(to_official(network.state_dict(), "1.2.4"), tmp_path / "official.pth")
    assert script.main([str(tmp_path / "official.pth"), str(tmp_path / "ours.pth")]) == 0
    network.load_state_dict(load(tmp_path / "ours.pth")["params"])
    arguments = ["--to-official", "--compressai", "1.2.4", str(tmp_path / "ours.pth"), str(tmp_path / "back.pth")]
    assert script.main(arguments) == 0
    assert load(tmp_path / "back.pth")["params"].keys() == load(tmp_path / "official.pth").keys()


class Hostile:
    def __reduce__(self):
        return print, ("code was run",)


@pytest.mark.parametrize("content", [Hostile(), {"params": {"x": torch.zeros(1)}}, {"epoch": 3}, [1, 2]])
def test_what_is_no_checkpoint_is_one_sentence(tmp_path, capsys, content):
    torch.save(content, tmp_path / "odd.pth")
    assert script.main([str(tmp_path / "odd.pth"), str(tmp_path / "out.pth")]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert "code was run" not in captured.out
    assert not (tmp_path / "out.pth").exists()


@pytest.mark.parametrize("arguments", [[], ["one.pth"], ["a.pth", "b.pth", "--check", "c.npz"]])
def test_wrong_arguments(arguments):
    with pytest.raises(SystemExit) as stop:
        script.main(arguments)
    assert stop.value.code == 2


def test_check_prints_every_intermediate_and_passes(capsys):
    assert script.main(["--check", str(reference("hyperthumbnail_4x_small.npz"))]) == 0
    printed = capsys.readouterr().out
    for name in ("encoder_out", "dct_y", "tables", "quantised_cbcr", "thumbnail_rgb", "restored", "forward_restored"):
        assert f"\n{name} " in printed
    assert "OFF" not in printed


def test_check_fails_when_one_is_off(tmp_path, capsys):
    import numpy as np

    arrays = write_instance(tmp_path / "instance.npz", 2)
    arrays["io/restored"] = arrays["io/restored"] + 1e-3
    np.savez(tmp_path / "instance.npz", **arrays)
    assert script.main(["--check", str(tmp_path / "instance.npz")]) == 1
    assert "off: restored" in capsys.readouterr().out


def test_check_of_a_missing_file(tmp_path, capsys):
    assert script.main(["--check", str(tmp_path / "missing.npz")]) == 1
    assert "missing.npz" in capsys.readouterr().err
