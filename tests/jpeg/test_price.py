"""Prices of coefficients: near to the bytes of files, additive, and exact for single changes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hyperthumb.jpeg.file import JpegThumbnail, write_jpeg
from hyperthumb.jpeg.price import bits_of, costs_of_rounding_up, prices_of, statistics_of
from hyperthumb.jpeg.simulator import rgb_to_coefficients
from tests.support import photograph


def integers(height: int, width: int, step: float) -> torch.Tensor:
    """The quantized coefficients of a photograph's pixels."""
    pixels = torch.from_numpy(photograph(height, width)).permute(2, 0, 1).unsqueeze(0)
    return torch.round(rgb_to_coefficients(pixels / 255) / step)


def total(whole: torch.Tensor, prices) -> float:
    return bits_of(statistics_of(whole), prices)


@pytest.mark.parametrize("step", [10.0, 40.0])
def test_bits_are_near_those_of_the_file(step):
    whole = integers(256, 256, step)
    data = write_jpeg(JpegThumbnail(whole[0].numpy().astype(np.int16), np.full((2, 8, 8), 9), 256, 256), "optimized")
    scan = len(data) - data.index(b"\xff\xda") - 14  # its header is 14 bytes
    assert total(whole, prices_of(statistics_of(whole))) / 8 == pytest.approx(scan, rel=0.05)


def test_symbols_are_those_of_the_standard():
    whole = torch.zeros(1, 3, 1, 2, 8, 8)
    whole[0, 0, 0, 0, 0, 1] = -3  # zig-zag place 1: no zeros before it, 2 bits
    whole[0, 0, 0, 0, 7, 7] = 1  # place 63: 61 zeros before it are 3 * 16 + 13
    whole[0, 1, 0, 0, 0, 0], whole[0, 1, 0, 1, 0, 0] = 4, 1
    symbols, dc = statistics_of(whole)
    assert {tuple(place): symbols[tuple(place)].item() for place in symbols.nonzero().tolist()} == {
        (0, 0, 2): 1, (0, 13, 1): 1, (0, 15, 0): 3, (0, 0, 0): 1, (1, 0, 0): 4
    }  # fmt: skip
    assert dc.tolist() == [[0, 0, 2], [7, 2, 4]]


def test_parts_add_up_to_the_whole():
    whole = integers(64, 96, 20.0)
    left, right = statistics_of(whole[:, :, :, :5]), statistics_of(whole[:, :, :, 5:])
    assert torch.equal(left.plus(right).symbols, statistics_of(whole).symbols)
    assert torch.equal(statistics_of(whole).minus(left).symbols, right.symbols)


def test_a_cost_is_what_the_bits_grow_by():
    whole = integers(32, 40, 25.0)
    prices = prices_of(statistics_of(whole))
    low = whole + torch.randint(-2, 2, whole.shape, generator=torch.Generator().manual_seed(0))
    costs = costs_of_rounding_up(whole, low, prices)
    places = [(0, 0, 0), (0, 1, 0), (0, 0, 1), (0, 7, 7), (1, 0, 0), (1, 0, 1), (2, 3, 2), (2, 7, 7), (0, 5, 4)]
    for plane, v, u in places:
        for row, column in ((0, 0), (2, 3), (3, 4)):
            place = (0, plane, row, column, v, u)
            below, above = whole.clone(), whole.clone()
            below[place], above[place] = low[place], low[place] + 1
            assert costs[place].item() == pytest.approx(total(above, prices) - total(below, prices), abs=0.02), place


def test_rare_symbols_have_finite_prices():
    whole = torch.zeros(1, 3, 2, 2, 8, 8)
    costs = costs_of_rounding_up(whole, whole, prices_of(statistics_of(whole)))
    assert torch.isfinite(costs).all()
    assert (costs[..., 1:, :] > 0).all()
