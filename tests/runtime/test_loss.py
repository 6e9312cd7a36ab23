"""What an encoder of lower precision loses is measured at equal bytes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hyperthumb.models.file import LoadedModel, load_model
from hyperthumb.runtime import loss
from hyperthumb.runtime.loss import encoder_loss, in_whole_blocks
from tests.support import photograph, save_tiny_model


class Encoder:
    """The encoder of a model, with noise on its coefficients."""

    def __init__(self, model: LoadedModel, noise: float = 0) -> None:
        self.graph, self.noise = model.network.graphs().encoder, noise

    @torch.no_grad()
    def run(self, picture: np.ndarray) -> list[np.ndarray]:
        coefficients = self.graph(torch.from_numpy(picture)).numpy()
        noise = np.random.default_rng(0).normal(0, 1, coefficients.shape)
        return [(coefficients + self.noise * noise).astype(np.float32)]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> LoadedModel:
    return load_model(save_tiny_model(tmp_path_factory.mktemp("model") / "tiny.safetensors"))


def test_only_whole_blocks_are_measured():
    picture = photograph(70, 97)
    np.testing.assert_array_equal(in_whole_blocks(picture, 4)[0], picture[:64, :96])


def test_an_encoder_with_noise_loses_and_the_same_encoder_does_not(model):
    pictures = [in_whole_blocks(photograph(96, 128, seed), 4) for seed in (0, 1)]
    plain = Encoder(model)
    loss_of = encoder_loss(plain, model, pictures)
    assert loss_of(plain) == 0
    assert loss_of(Encoder(model, noise=9)) > 0.1


@pytest.mark.parametrize(("finer_bytes", "expected"), [(1100, 0.1 + 0.5 * 20 / 100), (1000, 0.1)])
def test_a_byte_costs_what_it_gains_between_two_rates(monkeypatch, finer_bytes, expected):
    means = {
        ("before", 1.0): (1000, 30.0),
        ("before", 0.95): (finer_bytes, 30.5),
        ("after", 1.0): (1020, 29.9),
    }
    monkeypatch.setattr(loss, "_rated", lambda encoder, model, pictures, scale: loss._Rated(*means[encoder, scale]))
    assert encoder_loss("before", None, [])("after") == pytest.approx(expected)
