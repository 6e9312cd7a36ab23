from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from hyperthumb.training.muon import Muon, orthogonalize


def small_network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.Conv2d(32, 3, 1)
    )


def train(network: nn.Module, optimizer: torch.optim.Optimizer, steps: int, seed: int = 1) -> float:
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        x = torch.rand(2, 3, 8, 8, generator=generator)
        loss = ((network(x) - x.flip(1)) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


@pytest.mark.parametrize("shape", [(3, 16, 144), (2, 48, 32), (1, 16, 16)])
def test_orthogonal_steps_have_the_singular_vectors_of_the_gradient_and_even_singular_values(
    shape: tuple[int, int, int],
) -> None:
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    steps = orthogonalize(matrices)
    assert steps.shape == shape
    assert steps.dtype == torch.float32
    # The weakest direction of a square matrix may be too weak for five iterations; all others are near 1.
    values = torch.linalg.svdvals(steps)[:, : min(shape[1:]) - 2]
    assert values.min() > 0.5
    assert values.max() < 1.3
    # U V^T of the same decomposition: a positive overlap with it, and none with anything else.
    u, _, vh = torch.linalg.svd(matrices, full_matrices=False)
    exact = u @ vh
    cosine = (steps * exact).sum((1, 2)) / (steps.norm(dim=(1, 2)) * exact.norm(dim=(1, 2)))
    assert cosine.min() > 0.95


def test_a_gradient_of_zeros_moves_nothing() -> None:
    assert torch.equal(orthogonalize(torch.zeros(1, 16, 144)), torch.zeros(1, 16, 144))


def test_only_wide_convolutions_count_as_matrices() -> None:
    network = small_network()
    optimizer = Muon(network.parameters(), lr=1e-3)
    matrices = [p for group in optimizer.param_groups if group["matrices"] for p in group["params"]]
    assert len(matrices) == 1
    assert matrices[0] is network[2].weight
    assert sum(len(group["params"]) for group in optimizer.param_groups) == len(list(network.parameters()))


def test_all_other_parameters_are_trained_as_by_adam() -> None:
    ours, theirs = small_network(), small_network()
    for network in (ours, theirs):
        network[2].weight.requires_grad_(False)
    muon, adam = Muon(ours.parameters(), lr=1e-2), torch.optim.Adam(theirs.parameters(), lr=1e-2, betas=(0.9, 0.99))
    train(ours, muon, 20)
    train(theirs, adam, 20)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-6)


def test_a_matrix_moves_by_a_fifth_of_the_learning_rate_an_entry() -> None:
    weight = nn.Parameter(torch.zeros(32, 16, 3, 3))
    weight.grad = torch.randn(weight.shape, generator=torch.Generator().manual_seed(0))
    Muon([weight], lr=1e-2).step()
    moved = weight.detach().square().mean().sqrt()
    assert 0.15e-2 < moved < 0.25e-2


def test_a_convolution_is_learned_from_its_outputs() -> None:
    torch.manual_seed(0)
    wanted, layer = nn.Conv2d(16, 16, 3), nn.Conv2d(16, 16, 3)
    optimizer = Muon(layer.parameters(), lr=2e-2)
    losses = []
    for _ in range(100):
        x = torch.randn(8, 16, 8, 8)
        loss = ((layer(x) - wanted(x).detach()) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]


def test_weight_decay_shrinks_what_has_a_gradient_of_zero() -> None:
    network = small_network()
    optimizer = Muon(network.parameters(), lr=0.1, weight_decay=0.5)
    before = [p.detach().clone() for p in network.parameters()]
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    for parameter, old in zip(network.parameters(), before, strict=True):
        torch.testing.assert_close(parameter.detach(), old * 0.95)


def test_a_saved_state_continues_exactly() -> None:
    network = small_network()
    optimizer = Muon(network.parameters(), lr=1e-3)
    train(network, optimizer, 5)
    copied = copy.deepcopy(network)
    resumed = Muon(copied.parameters(), lr=1e-3)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    train(network, optimizer, 5, seed=2)
    train(copied, resumed, 5, seed=2)
    for one, other in zip(network.parameters(), copied.parameters(), strict=True):
        assert torch.equal(one, other)


def test_parameters_without_a_gradient_stay() -> None:
    network = small_network()
    before = copy.deepcopy(network.state_dict())
    Muon(network.parameters(), lr=1.0).step()
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
