from __future__ import annotations

import pytest
import torch

from hyperthumb.base.noise import noise_by, normal, uniform
from hyperthumb.jpeg.quantize import noise
from hyperthumb.training.determinism import noise_keys

CPU = torch.device("cpu")


def keys(places: range, seed: int = 5) -> torch.Tensor:
    return noise_keys(seed, places)


def test_the_noise_of_a_crop_does_not_depend_on_its_batch():
    with noise_by(keys(range(6))):
        together = [uniform((6, 3, 5), CPU), normal((6, 7), CPU)]
    apart = []
    for part in (range(2), range(2, 3), range(3, 6)):
        with noise_by(keys(part)):
            apart.append([uniform((len(part), 3, 5), CPU), normal((len(part), 7), CPU)])
    for number, whole in enumerate(together):
        assert torch.equal(whole, torch.cat([part[number] for part in apart]))


def test_noise_differs_between_draws_crops_and_seeds():
    with noise_by(keys(range(2))):
        first, second = uniform((2, 64), CPU), uniform((2, 64), CPU)
    with noise_by(keys(range(2), seed=6)):
        other = uniform((2, 64), CPU)
    rows = torch.cat([first, second, other])
    assert len({tuple(row.tolist()) for row in rows}) == 6
    assert len(rows.unique()) > 0.99 * rows.numel()


def test_uniform_numbers_are_uniform_and_independent():
    with noise_by(keys(range(16))):
        u, v = uniform((16, 1 << 14), CPU), uniform((16, 1 << 14), CPU)
    assert 0 <= float(u.min()) < 1e-4
    assert 1 - 1e-4 < float(u.max()) < 1
    bins = torch.histc(u, 64, 0, 1)
    expected = u.numel() / 64
    assert float(((bins - expected) ** 2 / expected).sum()) < 63 + 5 * (2 * 63) ** 0.5  # chi-square
    pairs = [(u, v), (u[:, 1:], u[:, :-1]), (u[1:], u[:-1]), (u[:, 8:], u[:, :-8])]
    for first, second in pairs:  # draws, neighbours, crops, columns of blocks
        correlation = torch.corrcoef(torch.stack([first.flatten(), second.flatten()]))[0, 1]
        assert abs(float(correlation)) < 5 / first.numel() ** 0.5
    low = (u * 2**24).long() & 1  # the last bit too
    assert abs(float(low.float().mean()) - 0.5) < 5 * 0.5 / u.numel() ** 0.5


def test_normal_numbers_have_the_moments_of_a_normal_distribution():
    with noise_by(keys(range(4))):
        x = normal((4, 1 << 16), CPU)
    moments = [float((x**power).mean()) for power in (1, 2, 3, 4)]
    assert moments == pytest.approx([0, 1, 0, 3], abs=0.06)


def test_without_keys_the_global_generator_is_used():
    draws = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        draws.append(uniform((2, 9), CPU))
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


def test_noise_compiles_without_graph_breaks():
    compiled = torch.compile(lambda values: noise(noise(values)), backend="eager", fullgraph=True)
    values = torch.zeros(3, 4, 5)
    for place in (0, 3):
        with noise_by(keys(range(place, place + 3))):
            expected = noise(noise(values))
        with noise_by(keys(range(place, place + 3))):
            assert torch.equal(compiled(values), expected)
