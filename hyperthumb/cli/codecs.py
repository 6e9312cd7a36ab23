"""The model of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hyperthumb.codec import Codec
    from hyperthumb.jpeg.backends import Backend


def open_codec(model: str | None, device: str, backend: Backend, jobs: int) -> Codec:
    """The model, with the CPU's cores shared out among the files that are worked on at a time.

    Raises:
        HyperthumbError: when there is no such model, it cannot be read, or the device is not there.
    """
    from hyperthumb.zoo import find_model

    path = find_model(model)  # before torch, which takes a second to import
    import torch

    from hyperthumb.codec import load

    codec = load(path, device, backend)
    torch.set_num_threads(max(1, torch.get_num_threads() // jobs))
    return codec
