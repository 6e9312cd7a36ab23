"""Models out of trainings: the same as the model files that are made of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hyperthumb.base.component import Component
from hyperthumb.base.errors import CheckpointError
from hyperthumb.codec.models import open_model
from hyperthumb.models.build import build_network
from hyperthumb.models.file import save_model
from tests.support import save_tiny_model, tiny_network, tiny_part, tiny_training, write_options


@pytest.fixture
def saved(tmp_path):
    return save_tiny_model(tmp_path / "tiny.safetensors")


def training(folder: Path, network=None, **changes: object) -> Path:
    """What a training leaves behind, on a machine where its photographs are not."""
    network = network or tiny_network()
    other = {name: value + 1 for name, value in network.state_dict().items()}
    root = folder / "experiments" / "tiny"
    (root / "models").mkdir(parents=True)
    torch.save({"params": other, "params_ema": network.state_dict()}, root / "models" / "net_g_latest.pth")
    options = tiny_training(folder, **changes)
    options["datasets"]["train"]["dataroot_gt"] = str(folder / "gone")
    write_options(root / "options.resolved.yml", options)
    return root


def test_a_training_folder_and_its_exported_file_are_the_same_model(tmp_path, saved):
    root = training(tmp_path)
    expected = open_model(saved)
    for path in (root, root / "models" / "net_g_latest.pth"):
        model = open_model(path)
        assert model.model_id == expected.model_id
        assert (model.name, model.scale) == ("tiny", 4)
        for name, value in model.network.state_dict().items():
            assert torch.equal(value, expected.network.state_dict()[name])


def test_a_training_with_a_basicsr_decoder_loads_but_cannot_be_exported(tmp_path):
    decoder = {"type": "EDSR", "num_in_ch": 3, "num_out_ch": 3, "num_feat": 8, "num_block": 1}
    edsr = Component("EDSR", {key: value for key, value in decoder.items() if key != "type"})
    part = Component("HyperThumbnail", {**tiny_part().arguments, "decoder": edsr})
    network = build_network(part, 4)
    model = open_model(training(tmp_path, network, **{"network_g:decoder": decoder}))
    hr = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    batch = network.eval().compress(hr)
    difference = model.network.restore(*batch[:2]) - network.restore(*batch[:2])
    assert 0 < difference.abs().max() < 0.01
    with pytest.raises(CheckpointError, match='unknown decoder "EDSR"'):
        save_model(tmp_path / "no.safetensors", model.network, part, "no")


def test_a_checkpoint_without_options_gives_a_message_with_the_remedy(tmp_path):
    root = training(tmp_path)
    (root / "options.resolved.yml").unlink()
    with pytest.raises(CheckpointError, match=r"export_model\.py --options"):
        open_model(root)
    with pytest.raises(CheckpointError, match="no checkpoint at"):
        open_model(tmp_path)
