"""SOAP, against its published update written out with NumPy."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from hyperthumb.training.soap import SOAP

LR, BETAS, FREQUENCY = 0.01, (0.9, 0.97), 3


def published(weights: np.ndarray, gradients: list[np.ndarray], bases: list[np.ndarray]) -> np.ndarray:
    """Algorithms 3 and 4 of Vyas et al. for a matrix, with Adam's bias correction.

    The first gradient sets up the preconditioners, of which `bases` are eigenvectors: where an eigenvalue is multiple,
    any basis of its space will do, and we follow the one that was taken.
    """
    first, second = BETAS
    left, right = gradients[0] @ gradients[0].T, gradients[0].T @ gradients[0]
    q_left, q_right = bases
    for gram, basis in ((left, q_left), (right, q_right)):
        np.testing.assert_allclose(basis.T @ basis, np.eye(len(gram)), atol=1e-10)
        np.testing.assert_allclose(basis.T @ gram @ basis, np.diag(np.linalg.eigvalsh(gram)[::-1]), atol=1e-10)
    m, v = np.zeros_like(weights), np.zeros_like(weights)
    for t, g in enumerate(gradients[1:], 1):
        g_rotated = q_left.T @ g @ q_right
        m = first * m + (1 - first) * g
        m_rotated = q_left.T @ m @ q_right
        v = second * v + (1 - second) * g_rotated**2
        n_rotated = m_rotated / (1 - first**t) / (np.sqrt(v / (1 - second**t)) + 1e-8)
        weights = weights - LR * q_left @ n_rotated @ q_right.T
        left = second * left + (1 - second) * g @ g.T
        right = second * right + (1 - second) * g.T @ g
        if t % FREQUENCY == 0:
            q_left, q_right = np.linalg.qr(left @ q_left)[0], np.linalg.qr(right @ q_right)[0]
    return weights


def drive(parameter: nn.Parameter, gradients: list[np.ndarray], **options: float) -> list[np.ndarray]:
    """Takes a step for each gradient; returns the bases that the first one sets up."""
    optimizer, bases = SOAP([parameter], **{"lr": LR, "betas": BETAS, "frequency": FREQUENCY, **options}), None
    for gradient in gradients:
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
        bases = bases or [basis.numpy().copy() for basis in optimizer.state[parameter]["bases"]]
    return bases


@pytest.mark.parametrize("shape", [(5, 8), (8, 5), (6, 6)])
def test_a_matrix_moves_as_published(shape) -> None:
    rng = np.random.default_rng(0)
    weights, gradients = rng.normal(size=shape), [rng.normal(size=shape) for _ in range(11)]
    parameter = nn.Parameter(torch.tensor(weights))
    expected = published(weights, gradients, drive(parameter, gradients))
    assert np.abs(expected - weights).max() > 2 * LR
    np.testing.assert_allclose(parameter.detach().numpy(), expected, rtol=1e-9)
    other = nn.Parameter(torch.tensor(weights))
    drive(other, gradients, frequency=1)
    assert np.abs(other.detach().numpy() - expected).max() > 0.1 * LR  # the test sees the bases


def test_a_1x1_convolution_is_a_matrix() -> None:
    rng = np.random.default_rng(1)
    weights, gradients = rng.normal(size=(5, 8)), [rng.normal(size=(5, 8)) for _ in range(8)]
    parameter = nn.Parameter(torch.tensor(weights[..., None, None]))
    bases = drive(parameter, [gradient[..., None, None] for gradient in gradients])
    np.testing.assert_allclose(parameter.detach().numpy()[..., 0, 0], published(weights, gradients, bases), rtol=1e-9)


def test_vectors_are_trained_as_adam_does() -> None:
    rng = np.random.default_rng(2)
    ours, theirs = (nn.Parameter(torch.ones(7, dtype=torch.float64)) for _ in range(2))
    gradients = [rng.normal(size=7) for _ in range(10)]
    drive(ours, gradients, weight_decay=0.1)
    adam = torch.optim.AdamW([theirs], lr=LR, betas=BETAS, weight_decay=0.1)
    for gradient in gradients:
        theirs.grad = torch.tensor(gradient)
        adam.step()
    torch.testing.assert_close(ours, theirs)


def test_rotating_the_problem_rotates_the_steps() -> None:
    """Adam lacks this. Bases are exact eigenvectors only at the start, so they stay here."""
    rng = np.random.default_rng(3)
    gradients = [rng.normal(size=(6, 4)) for _ in range(5)]
    turn = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    plain, turned = (nn.Parameter(torch.zeros(6, 4, dtype=torch.float64)) for _ in range(2))
    drive(plain, gradients, frequency=100)
    drive(turned, [turn @ gradient for gradient in gradients], frequency=100)
    rotated = turn.T @ turned.detach().numpy()
    # The last two of the six eigenvectors belong to the eigenvalue 0 of the first gradient: any basis of them will do.
    left = np.linalg.eigh(gradients[0] @ gradients[0].T)[1][:, 2:]
    np.testing.assert_allclose(left.T @ rotated, left.T @ plain.detach().numpy(), rtol=1e-7, atol=1e-10)


def test_a_convolution_is_learned_from_its_outputs() -> None:
    torch.manual_seed(0)
    wanted, layer = nn.Conv2d(16, 16, 3), nn.Conv2d(16, 16, 3)
    optimizer = SOAP(layer.parameters(), lr=1e-2)
    losses = []
    for _ in range(100):
        x = torch.randn(8, 16, 8, 8)
        loss = ((layer(x) - wanted(x).detach()) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]


def test_long_axes_are_not_rotated(monkeypatch) -> None:
    monkeypatch.setattr("hyperthumb.training.soap._LONGEST", 8)
    parameter = nn.Parameter(torch.zeros(4, 3, 3, 3))
    parameter.grad = torch.randn_like(parameter)
    optimizer = SOAP([parameter], lr=LR)
    optimizer.step()
    assert [tuple(basis.shape) for basis in optimizer.state[parameter]["bases"]] == [(4, 4), (3, 3)]
    optimizer.step()
    assert parameter.abs().min() > 0


def test_a_state_goes_on_where_it_was_saved() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 4, 1))
    copied = copy.deepcopy(network)
    optimizer, resumed = SOAP(network.parameters(), lr=LR, frequency=2), SOAP(copied.parameters(), lr=LR, frequency=2)

    def train(model: nn.Module, using: SOAP, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        for _ in range(5):
            using.zero_grad()
            model(torch.rand(1, 3, 8, 8, generator=generator)).square().mean().backward()
            using.step()

    train(network, optimizer, 1)
    copied.load_state_dict(network.state_dict())
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    train(network, optimizer, 2)
    train(copied, resumed, 2)
    for one, other in zip(network.parameters(), copied.parameters(), strict=True):
        assert torch.equal(one, other)
