"""Random numbers that depend only on seed, iteration and rank, so that resuming needs no generator's state."""

from __future__ import annotations

import hashlib

import torch


def seed_iteration(seed: int, iteration: int, micro_batch: int = 0, rank: int = 0) -> None:
    """Seeds torch's generators (all devices) for the noise that one pass draws."""
    digest = hashlib.sha256(f"{seed}:{iteration}:{micro_batch}:{rank}".encode()).digest()
    torch.manual_seed(int.from_bytes(digest[:8], "little") >> 1)
