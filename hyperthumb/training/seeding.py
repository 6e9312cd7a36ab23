"""Random numbers that depend only on the seed and on what they are for, so that resuming needs no generator's state."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from hyperthumb.data.order import NOISE_STREAM, random_words


def seed_iteration(seed: int, iteration: int, micro_batch: int = 0, rank: int = 0) -> None:
    """Seeds torch's generators (all devices) for layers that draw from them: dropped paths of networks of others."""
    digest = hashlib.sha256(f"{seed}:{iteration}:{micro_batch}:{rank}".encode()).digest()
    torch.manual_seed(int.from_bytes(digest[:8], "little") >> 1)


def noise_keys(seed: int, places: Sequence[int]) -> Tensor:
    """(B, 2) int64 keys for `hyperthumb.base.noise`: what the crops at these places of a run are disturbed with.

    A place counts crops from the start of the run over all processes (data/order.py), so neither the process nor the
    micro-batch that a crop falls to changes its noise.
    """
    words = np.array([random_words(seed, place, NOISE_STREAM, 1)[0] for place in places])
    return torch.from_numpy(np.stack([words >> np.uint64(32), words & np.uint64(0xFFFFFFFF)], 1).astype(np.int64))
